//! Ends commitments, and removes them from partners who may no longer see them.

use entity::{CommitmentId, MemberId, PeeringId};

use super::{changed, load_locked, store};
use crate::app::App;
use crate::error::Fault;
use crate::matching::model::Pair;
use crate::transact;
use crate::tx::{Done, Tx};

/// The outcome of ending a commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It has ended.
    Succeeded,
    /// The member has no such commitment.
    NotFound,
}

/// Ends a commitment. Idempotent. The states of its days are kept.
pub async fn end(app: &App, me: MemberId, id: CommitmentId) -> Result<Ended, Fault> {
    transact!(app, |tx| {
        let Some(held) = load_locked(app, tx, me, id, None).await? else {
            return Ok(Done::Undo(Ended::NotFound));
        };
        if held.row.ended_at.is_some() {
            return Ok(Done::Undo(Ended::Succeeded));
        }
        store::end(tx, (me, id), (held.today, app.clock.now())).await?;
        changed(tx, (me, held.partner_to_notify()), id);
        Ok(Done::Keep(Ended::Succeeded))
    })
}

/// Ends the sharing of commitments when two members stop being partners. Both must be locked.
pub async fn end_of_peering(tx: &Tx, (peering, pair): (PeeringId, Pair)) -> Result<(), Fault> {
    for row in store::of_peering(tx, peering).await? {
        tx.put(row.member_id, row.id);
        tx.gone(pair.partner_of(row.member_id), row.id);
    }
    store::stop_sharing(tx, peering).await
}

/// Synchronises phones when a member was hidden or is visible again. What the member shares disappears from partners'
/// phones, or returns. What partners share with the member is shown to these partners without the member, or with them.
/// The member must be locked.
pub async fn resync_for(tx: &Tx, member: MemberId, hidden: bool) -> Result<(), Fault> {
    for (id, owner, pair) in store::around(tx, member).await? {
        let other = pair.partner_of(owner);
        tx.put(owner, id);
        if hidden {
            tx.gone(other, id);
        } else {
            tx.put(other, id);
        }
    }
    Ok(())
}
