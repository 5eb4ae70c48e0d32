//! Feeds: the changes to what a member's phones keep, as transactions write them.
//!
//! Each member has a feed. A transaction that changes something a member keeps takes the next numbers of the member's
//! feed as its last step. The feed is locked until the commit, so nobody ever sees a number before all smaller ones. A
//! thing has one row, whose number rises, so a feed grows no longer than the number of things its member has. Phones
//! read it through [`sync`](crate::sync).

mod store;

use entity::MemberId;

use crate::app::App;
use crate::error::Fault;
use crate::tx::{Changes, Tx};

/// Creates the feed of a new member, with the member as its first item.
pub async fn open(tx: &Tx, member: MemberId) -> Result<(), Fault> {
    store::open(tx, member).await?;
    tx.put(member, member);
    Ok(())
}

/// Writes a transaction's changes, as its last step: the feeds are locked from here to the commit. Skips members who
/// were deleted meanwhile. A member without a feed is a fault, because their phones would never receive the change.
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

/// Locks a member's feed before the caller reads which changes it needs. A concurrent transaction has then either
/// committed, so that later reads see it, or comes after this one.
pub async fn lock(tx: &Tx, member: MemberId) -> Result<(), Fault> {
    store::lock(tx, &[member]).await
}

/// Like [`lock`], for many members.
pub async fn lock_all(tx: &Tx, members: &[MemberId]) -> Result<(), Fault> {
    store::lock(tx, members).await
}
