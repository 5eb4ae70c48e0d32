//! Changes a commitment's words or the partner who sees it.

use entity::{CommitmentId, MemberId, PeeringId};

use super::{changed, load_locked, other_in, store, tell};
use crate::app::App;
use crate::error::Fault;
use crate::matching;
use crate::patch::Change;
use crate::transact;
use crate::tx::Done;

/// The changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// The owner's words.
    pub words: Change<String>,
    /// The peering with the partner who may see it. `None` stops sharing it.
    pub peering: Change<Option<PeeringId>>,
}

/// The outcome of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// The commitment is in the requested state.
    Succeeded,
    /// The member has no such commitment.
    NotFound,
    /// The member has no such partner.
    NoPartner,
    /// The commitment has ended.
    Over,
    /// The commitment was changed after the expected version.
    Stale,
}

/// Changes a commitment. A former partner loses access immediately.
pub async fn update(
    app: &App,
    me: MemberId,
    id: CommitmentId,
    patch: &Patch,
    expected_version: Option<i32>,
) -> Result<Updated, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let wanted = match patch.peering {
            Change::Put(peering) => other_in(tx, me, peering).await?,
            Change::Leave => None,
        };
        let Some(held) = load_locked(app, tx, me, id, wanted).await? else {
            return Ok(Done::Undo(Updated::NotFound));
        };
        let before = (store::opened(app, &held.row), held.row.peering_id);
        let mut after = before.clone();
        if let Change::Put(words) = &patch.words {
            after.0 = words.clone().into();
        }
        patch.peering.apply(&mut after.1);
        if after == before {
            return Ok(Done::Undo(Updated::Succeeded));
        }
        if held.row.ended_at.is_some() {
            return Ok(Done::Undo(Updated::Over));
        }
        if expected_version.is_some_and(|expected| expected != held.row.version) {
            return Ok(Done::Undo(Updated::Stale));
        }
        let (words, peering) = after;
        let other_partner = peering != before.1;
        let (partner, ask) = if other_partner {
            let partner = match peering {
                Some(peering) => matching::service::lock_partner(tx, me, peering).await?,
                None => None,
            };
            if peering.is_some() && partner.is_none() {
                return Ok(Done::Undo(Updated::NoPartner));
            }
            // A new partner is not invited to ask about earlier days.
            let ask = partner.and_then(|_| held.plan.next_ask(held.today, held.terms, now));
            (partner, ask)
        } else {
            (held.partner, held.next_ask(now))
        };
        let sealed = store::sealed(app, &held.row, &words)?;
        // A new partner does not see the answers of earlier days either.
        let seen_since = if other_partner {
            peering.map(|_| held.today)
        } else {
            held.row.seen_since
        };
        store::update(tx, (me, id), sealed, (peering, seen_since), ask).await?;
        let partner = partner.filter(|_| !held.hidden);
        if other_partner && let Some(former) = held.partner {
            if held.partner_to_notify().is_some() {
                tell(tx, (me, former), id);
            }
            tx.gone(former, id);
            for member in [Some(me), partner].into_iter().flatten() {
                tx.put(member, id);
            }
            if let Some(partner) = partner {
                tell(tx, (me, partner), id);
            }
        } else {
            changed(tx, (me, partner), id);
        }
        Ok(Done::Keep(Updated::Succeeded))
    })
}
