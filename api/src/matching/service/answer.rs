//! Answering a proposal, withdrawing one, and ending a peering.

use entity::peering::State;
use entity::{MemberId, PeeringId};

use super::{begin, gone, load_locked, proposed_key, store, tell};
use crate::app::App;
use crate::error::Fault;
use crate::fact::Fact;
use crate::matching::model::{self, Pair};
use crate::outbox;
use crate::proposal::Transition;
use crate::transact;
use crate::tx::Done;

/// The outcome of [`answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Both have said yes.
    Accepted,
    /// The caller declined, and no longer sees the proposal.
    Declined,
    /// No such proposal is visible to the caller.
    NotFound,
    /// The caller proposed it himself.
    OwnProposal,
    /// The caller accepted it earlier.
    SaidYes,
    /// One of the two has reached the limit of partners.
    TooManyPartners,
}

/// Answers a proposal. Nobody is notified of a no.
pub async fn answer(
    app: &App,
    me: MemberId,
    id: PeeringId,
    accept: bool,
) -> Result<Answered, Fault> {
    let now = app.clock.now();
    let outcome = if accept {
        Answered::Accepted
    } else {
        Answered::Declined
    };
    transact!(app, |tx| {
        let Some(row) = load_locked(tx, me, id).await? else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        match model::of_row(&row).answer(me, accept, now) {
            Transition::Apply => {}
            Transition::AlreadyApplied => return Ok(Done::Undo(outcome)),
            Transition::NotFound => return Ok(Done::Undo(Answered::NotFound)),
            Transition::NotAllowed => return Ok(Done::Undo(Answered::OwnProposal)),
            Transition::WrongState => return Ok(Done::Undo(Answered::SaidYes)),
        }
        if accept {
            return Ok(if begin(app, tx, &row, now).await? {
                Done::Keep(outcome)
            } else {
                Done::Undo(Answered::TooManyPartners)
            });
        }
        store::answer(tx, id, State::Declined, now).await?;
        outbox::withdraw(tx, me, &proposed_key(id)).await?;
        tx.gone(me, id);
        Ok(Done::Keep(outcome))
    })
}

/// The outcome of [`withdraw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// The proposal does not wait any more.
    Succeeded,
    /// No such proposal is visible to the caller.
    NotFound,
    /// The other member proposed it.
    NotAllowed,
    /// Both have said yes.
    Accepted,
}

/// Withdraws a proposal. Idempotent: succeeds also if it was withdrawn or has expired.
pub async fn withdraw(app: &App, me: MemberId, id: PeeringId) -> Result<Withdrawn, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(row) = load_locked(tx, me, id).await? else {
            return Ok(Done::Undo(Withdrawn::NotFound));
        };
        match model::withdrawal(&row, me, now) {
            Transition::Apply => {}
            Transition::AlreadyApplied => return Ok(Done::Undo(Withdrawn::Succeeded)),
            Transition::NotFound => return Ok(Done::Undo(Withdrawn::NotFound)),
            Transition::NotAllowed => return Ok(Done::Undo(Withdrawn::NotAllowed)),
            Transition::WrongState => return Ok(Done::Undo(Withdrawn::Accepted)),
        }
        store::end(tx, id, State::Withdrawn, now).await?;
        let other = Pair::of_row(&row).partner_of(me);
        outbox::withdraw(tx, other, &proposed_key(id)).await?;
        gone(tx, &row);
        // A member who had declined no longer sees the proposal: he is not notified that it is gone.
        if row.state == State::Proposed {
            tell(tx, (me, other), id);
        }
        Ok(Done::Keep(Withdrawn::Succeeded))
    })
}

/// The outcome of [`end`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The peering is over.
    Succeeded,
    /// No such peering is visible to the caller.
    NotFound,
    /// It is still a proposal.
    NotBegun,
}

/// Ends a peering. Idempotent: succeeds also if it was over.
pub async fn end(app: &App, me: MemberId, id: PeeringId) -> Result<Ended, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(row) = load_locked(tx, me, id).await? else {
            return Ok(Done::Undo(Ended::NotFound));
        };
        match model::end(&row, me, now) {
            Transition::Apply => {}
            Transition::AlreadyApplied => return Ok(Done::Undo(Ended::Succeeded)),
            Transition::NotFound | Transition::NotAllowed => {
                return Ok(Done::Undo(Ended::NotFound));
            }
            Transition::WrongState => return Ok(Done::Undo(Ended::NotBegun)),
        }
        store::end(tx, id, State::Ended, now).await?;
        let pair = Pair::of_row(&row);
        let ended = Fact::PeeringEnded {
            peering: id,
            members: [pair.lower, pair.higher],
        };
        app.follow(tx, ended).await?;
        gone(tx, &row);
        tell(tx, (me, pair.partner_of(me)), id);
        Ok(Done::Keep(Ended::Succeeded))
    })
}
