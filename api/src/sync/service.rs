//! Reads changes for phones, and removes old tombstones.

use chrono::TimeDelta;
use entity::MemberId;

use super::model::{self, Page, Position, Wanted};
use super::store;
use crate::app::App;
use crate::error::Fault;
use crate::feed;
use crate::transact;
use crate::tx::{Done, Tx};

/// The number of members whose tombstones one transaction removes.
const PRUNED_AT_ONCE: u64 = 500;

/// Returns at most `limit` changes of a member's feed for a phone at `position`, in one statement.
pub async fn changes(
    app: &App,
    member: MemberId,
    position: Option<Position>,
    limit: u64,
) -> Result<Page, Fault> {
    let read = store::read(app.db.pool(), member, Wanted::from(position), limit + 1).await?;
    let (feed, rows) = read.ok_or(Fault::Broken("the caller has a feed"))?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(model::page(member, position, feed, rows, limit))
}

/// Makes every phone start again after the database was restored from a backup. Old cursors may refer to changes that
/// the backup does not have.
pub async fn begin_anew(tx: &Tx) -> Result<(), Fault> {
    store::begin_anew(tx).await
}

/// Removes one batch of tombstones that are older than `sync.tombstone_days`, and returns whether there may be more. A
/// phone that was away longer must start again.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let kept = TimeDelta::days(app.config.sync.tombstone_days.into());
    let before = app.clock.now() - kept;
    let old = store::with_old_tombstones(app.db.pool(), before, PRUNED_AT_ONCE).await?;
    if old.is_empty() {
        return Ok(false);
    }
    transact!(app, |tx| {
        feed::lock_all(tx, &old).await?;
        store::remove_tombstones(tx, &old, before).await?;
        Ok(Done::Keep(()))
    })?;
    Ok(true)
}
