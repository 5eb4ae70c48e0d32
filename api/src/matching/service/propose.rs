//! Proposing a peering.

use chrono::{DateTime, Utc};
use entity::notification::Kind;
use entity::peering::State;
use entity::{MemberId, PeeringId};

use super::{announcement, begin, gone, proposed_key, store, tell};
use crate::app::App;
use crate::error::Fault;
use crate::matching::model::{
    self, MOST_PARTNERS, MOST_PROPOSALS, OPEN_FOR, Pair, ProposalOutcome,
};
use crate::matching::store::Expired;
use crate::transact;
use crate::tx::Done;
use crate::visibility::is_visible;
use crate::{circle, outbox, profile};

/// The outcome of [`propose`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposed {
    /// The proposal waits for the other member, or the two are partners. The id is that of an earlier peering if the
    /// two had an open one.
    Succeeded(PeeringId),
    /// The caller cannot propose to this member: he does not see him, or shares no circle with him.
    NoMember,
    /// The caller's last proposal to this member is too recent. He can propose again from this instant on.
    TooSoon(DateTime<Utc>),
    /// The caller has reached the limit of waiting proposals.
    TooManyProposals,
    /// One of the two has reached the limit of partners.
    TooManyPartners,
    /// The id is taken by another proposal.
    Conflict,
}

/// Proposes a peering to a member. If that member had already proposed one, this accepts it.
pub async fn propose(
    app: &App,
    me: MemberId,
    id: PeeringId,
    other: MemberId,
) -> Result<Proposed, Fault> {
    let now = app.clock.now();
    let pair = Pair::of(me, other);
    transact!(app, |tx| {
        // Serializes this with every other proposal or answer of either of the two.
        profile::service::lock_members(tx, &[me, other]).await?;
        if let Some(there) = store::sent_before(tx, id).await? {
            let same = there.proposed_by == me && Pair::of_row(&there) == pair;
            let outcome = if same {
                Proposed::Succeeded(id)
            } else {
                Proposed::Conflict
            };
            return Ok(Done::Undo(outcome));
        }
        if me == other || !is_visible(tx, me, other).await? {
            return Ok(Done::Undo(Proposed::NoMember));
        }
        let rows = store::of_pair(tx, pair).await?;
        let proposal = model::decide_proposal(&rows, me, now);
        match proposal {
            ProposalOutcome::Stands(row) => return Ok(Done::Undo(Proposed::Succeeded(row.id))),
            ProposalOutcome::Accepts(row) => {
                return Ok(if begin(app, tx, row, now).await? {
                    Done::Keep(Proposed::Succeeded(row.id))
                } else {
                    Done::Undo(Proposed::TooManyPartners)
                });
            }
            ProposalOutcome::TooSoon(_) | ProposalOutcome::Silent | ProposalOutcome::New => {}
        }
        // Checked only for a new proposal: two members who left their circle can still accept an open one.
        if !circle::service::shares_circle(tx, me, other).await? {
            return Ok(Done::Undo(Proposed::NoMember));
        }
        if let ProposalOutcome::TooSoon(again) = proposal {
            return Ok(Done::Undo(Proposed::TooSoon(again)));
        }
        if store::count_partners(tx, me).await? >= MOST_PARTNERS {
            return Ok(Done::Undo(Proposed::TooManyPartners));
        }
        if store::count_proposals(tx, me, now).await? >= MOST_PROPOSALS {
            return Ok(Done::Undo(Proposed::TooManyProposals));
        }
        for lapsed in store::close_lapsed(tx, Expired::Of(pair), now).await? {
            gone(tx, &lapsed);
        }
        let silent = proposal == ProposalOutcome::Silent;
        // Stored as if it had been declined at once: the proposer sees it wait, and the other member does not see it.
        let state = if silent {
            State::Declined
        } else {
            State::Proposed
        };
        if !store::insert(tx, (id, state), pair, me, now).await? {
            // Another member used the same id in a concurrent transaction.
            return Ok(Done::Undo(Proposed::Conflict));
        }
        if silent {
            tx.put(me, id);
            return Ok(Done::Keep(Proposed::Succeeded(id)));
        }
        let until = (now, now + OPEN_FOR);
        let what = announcement(
            (me, other),
            Kind::PeeringProposed,
            proposed_key(id),
            id,
            until,
        );
        outbox::announce(app, tx, &what).await?;
        for member in [me, other] {
            tx.put(member, id);
        }
        tell(tx, (me, other), id);
        Ok(Done::Keep(Proposed::Succeeded(id)))
    })
}
