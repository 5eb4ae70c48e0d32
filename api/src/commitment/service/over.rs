//! When a commitment is over, and when a partner sees it no more.

use entity::{CommitmentId, MemberId, PeeringId};

use super::{changed, held, store};
use crate::app::App;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::matching::model::Pair;

/// What became of the wish to end a commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is over.
    AsAsked,
    /// He has no such commitment.
    NotFound,
}

/// Ends a commitment; it is well if it was ended. What was said of its days is kept.
pub async fn end(app: &App, me: MemberId, id: CommitmentId) -> Result<Ended, Fault> {
    transact!(app, |tx| {
        let Some(held) = held(app, tx, me, id, None).await? else {
            return Ok(Done::Undo(Ended::NotFound));
        };
        if held.row.ended_at.is_some() {
            return Ok(Done::Undo(Ended::AsAsked));
        }
        store::end(tx, (me, id), (held.today, app.clock.now())).await?;
        changed(tx, (me, held.told()), id);
        Ok(Done::Keep(Ended::AsAsked))
    })
}

/// Two men are partners no longer: neither sees any more what the other means to do. Both are held.
pub async fn end_of_peering(tx: &Tx, (peering, pair): (PeeringId, Pair)) -> Result<(), Fault> {
    for row in store::of_peering(tx, peering).await? {
        tx.put(row.member_id, row.id);
        tx.gone(pair.beside(row.member_id), row.id);
    }
    store::let_go(tx, peering).await
}

/// A member was hidden from others, or is there again: what he lets partners see goes from their phones, or comes back;
/// and who lets him see something is shown without him, or with him. He is held.
pub async fn seen_otherwise(tx: &Tx, member: MemberId, hidden: bool) -> Result<(), Fault> {
    for (id, owner, pair) in store::around(tx, member).await? {
        let other = pair.beside(owner);
        tx.put(owner, id);
        if hidden {
            tx.gone(other, id);
        } else {
            tx.put(other, id);
        }
    }
    Ok(())
}
