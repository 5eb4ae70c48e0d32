//! Asking somebody to be a partner.

use chrono::{DateTime, Utc};
use entity::notification::Kind;
use entity::peering::State;
use entity::{MemberId, PeeringId};

use super::{begin, gone, proposed_key, store, tell, told};
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::matching::model::{self, MOST_PARTNERS, MOST_PROPOSALS, OPEN_FOR, Pair, Proposal};
use crate::matching::store::Lapsed;
use crate::visibility::is_visible;
use crate::{circle, nudge, profile};

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proposed {
    /// It waits for the other man, or both have said yes. When the two had something open already, it is that.
    AsAsked(PeeringId),
    /// There is no such member for him to ask.
    NoMember,
    /// He asked this man not long ago: he can again from then on.
    TooSoon(DateTime<Utc>),
    /// As many of his proposals wait as may.
    TooManyProposals,
    /// One of the two has as many partners as he may.
    TooManyPartners,
    /// The id was sent before with another content.
    Conflict,
}

/// Asks a man to be a partner. When that man has asked as well, both have said yes with this.
pub async fn propose(
    app: &App,
    me: MemberId,
    id: PeeringId,
    other: MemberId,
) -> Result<Proposed, Fault> {
    let now = app.clock.now();
    let pair = Pair::of(me, other);
    transact!(app, |tx| {
        // Whatever either of the two begins or answers meanwhile waits for this.
        profile::service::hold(tx, &[me, other]).await?;
        if let Some(there) = store::sent_before(tx, id).await? {
            let same = there.proposed_by == me && Pair::in_it(&there) == pair;
            let outcome = if same {
                Proposed::AsAsked(id)
            } else {
                Proposed::Conflict
            };
            return Ok(Done::Undo(outcome));
        }
        if me == other || !is_visible(tx, me, other).await? {
            return Ok(Done::Undo(Proposed::NoMember));
        }
        let rows = store::of_pair(tx, pair).await?;
        let proposal = model::proposal(&rows, me, now);
        match proposal {
            Proposal::Stands(row) => return Ok(Done::Undo(Proposed::AsAsked(row.id))),
            Proposal::Accepts(row) => {
                return Ok(if begin(app, tx, row, now).await? {
                    Done::Keep(Proposed::AsAsked(row.id))
                } else {
                    Done::Undo(Proposed::TooManyPartners)
                });
            }
            Proposal::TooSoon(_) | Proposal::Silent | Proposal::New => {}
        }
        if !circle::service::shares_circle(tx, me, other).await? {
            return Ok(Done::Undo(Proposed::NoMember));
        }
        if let Proposal::TooSoon(again) = proposal {
            return Ok(Done::Undo(Proposed::TooSoon(again)));
        }
        if store::count_partners(tx, me).await? >= MOST_PARTNERS {
            return Ok(Done::Undo(Proposed::TooManyPartners));
        }
        if store::count_proposals(tx, me, now).await? >= MOST_PROPOSALS {
            return Ok(Done::Undo(Proposed::TooManyProposals));
        }
        for lapsed in store::close_lapsed(tx, Lapsed::Of(pair), now).await? {
            gone(tx, &lapsed);
        }
        let silent = proposal == Proposal::Silent;
        // As one that was declined at once: it waits for him who asks, and is not there for the other.
        let state = if silent {
            State::Declined
        } else {
            State::Proposed
        };
        if !store::insert(tx, (id, state), pair, me, now).await? {
            // Sent at the same moment by somebody else.
            return Ok(Done::Undo(Proposed::Conflict));
        }
        if silent {
            tx.put(me, id);
            return Ok(Done::Keep(Proposed::AsAsked(id)));
        }
        let until = (now, now + OPEN_FOR);
        let what = told(
            (me, other),
            Kind::PeeringProposed,
            proposed_key(id),
            id,
            until,
        );
        nudge::service::announce(app, tx, &what).await?;
        for member in [me, other] {
            tx.put(member, id);
        }
        tell(tx, (me, other), id);
        Ok(Done::Keep(Proposed::AsAsked(id)))
    })
}
