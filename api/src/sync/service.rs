//! What other domains ask of sync, and what phones do.

use chrono::TimeDelta;
use entity::MemberId;

use super::model::{self, Changes, Page, Place, Wanted};
use super::store;
use crate::app::App;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;

/// Members whose tombstones are removed by one transaction.
const PRUNED_AT_ONCE: u64 = 500;

/// Makes the feed of a new member, with him in it.
pub async fn open(tx: &Tx, member: MemberId) -> Result<(), Fault> {
    store::open(tx, member).await?;
    tx.put(member, member);
    Ok(())
}

/// Writes what a transaction changes of what members keep, as the last thing in it: the feeds are locked from here to
/// its end. A member who is gone meanwhile is passed over; a member without a feed is a fault, since his phones would
/// never know.
pub async fn write(app: &App, tx: &Tx, changes: Changes) -> Result<(), Fault> {
    let rows = changes.sorted();
    for chunk in rows.chunks(store::ROWS_AT_ONCE) {
        let written = store::write(tx, app.clock.now(), chunk).await?;
        if usize::try_from(written) != Ok(chunk.len())
            && store::lacks_feed(tx, chunk.iter().map(|row| row.0)).await?
        {
            return Err(Fault::Broken("a member has a feed"));
        }
    }
    Ok(())
}

/// Holds a member's feed before it is looked up what of his changes: who adds to it at the same time has
/// committed, and is seen by what is read from here on, or comes after this transaction.
pub async fn hold(tx: &Tx, member: MemberId) -> Result<(), Fault> {
    store::hold(tx, &[member]).await
}

/// At most `limit` changes of a member's feed for a phone that has come to a place in it, in one statement.
pub async fn changes(
    app: &App,
    member: MemberId,
    place: Option<Place>,
    limit: u64,
) -> Result<Page, Fault> {
    let read = store::read(app.db.pool(), member, Wanted::from(place), limit + 1).await?;
    let (feed, rows) = read.ok_or(Fault::Broken("a member who asks has a feed"))?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(model::page(member, place, feed, rows, limit))
}

/// A copy of the database was put back: every phone begins anew. A cursor from before may be of changes that the copy
/// does not have, up to as many as there may have been since.
pub async fn begin_anew(tx: &Tx) -> Result<(), Fault> {
    store::begin_anew(tx).await
}

/// Removes the tombstones that have been there long enough. A phone that has not asked for so long begins anew.
/// One slice; returns whether there is more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let kept = TimeDelta::days(app.config.sync.tombstone_days.into());
    let before = app.clock.now() - kept;
    let old = store::with_old_tombstones(app.db.pool(), before, PRUNED_AT_ONCE).await?;
    if old.is_empty() {
        return Ok(false);
    }
    transact!(app, |tx| {
        store::hold(tx, &old).await?;
        store::remove_tombstones(tx, &old, before).await?;
        Ok(Done::Keep(()))
    })?;
    Ok(true)
}
