//! Answering a proposal, taking one back, and ending what there is.

use entity::peering::State;
use entity::{MemberId, PeeringId};

use super::{begin, gone, held, proposed_key, store, tell};
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::fact::Fact;
use crate::matching::model::{self, Pair, Step};
use crate::nudge;

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Both have said yes.
    Accepted,
    /// He said no, and it is not there for him any more.
    Declined,
    /// There is no such proposal for him.
    NotFound,
    /// It was he who asked.
    OwnProposal,
    /// He said yes to it before.
    SaidYes,
    /// One of the two has as many partners as he may.
    TooManyPartners,
}

/// Answers a proposal. A no is told to nobody.
pub async fn answer(
    app: &App,
    me: MemberId,
    id: PeeringId,
    accept: bool,
) -> Result<Answered, Fault> {
    let now = app.clock.now();
    let as_asked = if accept {
        Answered::Accepted
    } else {
        Answered::Declined
    };
    transact!(app, |tx| {
        let Some(row) = held(tx, me, id).await? else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        match model::answer(&row, me, accept, now) {
            Step::Take => {}
            Step::Stands => return Ok(Done::Undo(as_asked)),
            Step::NotThere => return Ok(Done::Undo(Answered::NotFound)),
            Step::NotHis => return Ok(Done::Undo(Answered::OwnProposal)),
            Step::OtherState => return Ok(Done::Undo(Answered::SaidYes)),
        }
        if accept {
            return Ok(if begin(app, tx, &row, now).await? {
                Done::Keep(as_asked)
            } else {
                Done::Undo(Answered::TooManyPartners)
            });
        }
        store::answer(tx, id, State::Declined, now).await?;
        nudge::service::withdraw(tx, me, &proposed_key(id)).await?;
        tx.gone(me, id);
        Ok(Done::Keep(as_asked))
    })
}

/// What became of taking a proposal back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawn {
    /// It does not wait any more.
    AsAsked,
    /// There is no such proposal for him.
    NotFound,
    /// It was the other man who asked.
    NotHis,
    /// Both have said yes.
    Accepted,
}

/// Takes a proposal back; it is well if it had lapsed.
pub async fn withdraw(app: &App, me: MemberId, id: PeeringId) -> Result<Withdrawn, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(row) = held(tx, me, id).await? else {
            return Ok(Done::Undo(Withdrawn::NotFound));
        };
        match model::withdrawal(&row, me, now) {
            Step::Take => {}
            Step::Stands => return Ok(Done::Undo(Withdrawn::AsAsked)),
            Step::NotThere => return Ok(Done::Undo(Withdrawn::NotFound)),
            Step::NotHis => return Ok(Done::Undo(Withdrawn::NotHis)),
            Step::OtherState => return Ok(Done::Undo(Withdrawn::Accepted)),
        }
        store::end(tx, id, State::Withdrawn, now).await?;
        let other = Pair::in_it(&row).beside(me);
        nudge::service::withdraw(tx, other, &proposed_key(id)).await?;
        gone(tx, &row);
        // Who had said no knows nothing of it.
        if row.state == State::Proposed {
            tell(tx, (me, other), id);
        }
        Ok(Done::Keep(Withdrawn::AsAsked))
    })
}

/// What became of ending a peering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is over.
    AsAsked,
    /// There is no such peering for him.
    NotFound,
    /// It has not begun.
    NotBegun,
}

/// Ends a peering; it is well if it was over.
pub async fn end(app: &App, me: MemberId, id: PeeringId) -> Result<Ended, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(row) = held(tx, me, id).await? else {
            return Ok(Done::Undo(Ended::NotFound));
        };
        match model::end(&row, me, now) {
            Step::Take => {}
            Step::Stands => return Ok(Done::Undo(Ended::AsAsked)),
            Step::NotThere | Step::NotHis => return Ok(Done::Undo(Ended::NotFound)),
            Step::OtherState => return Ok(Done::Undo(Ended::NotBegun)),
        }
        store::end(tx, id, State::Ended, now).await?;
        let pair = Pair::in_it(&row);
        let ended = Fact::PeeringEnded {
            peering: id,
            members: [pair.lower, pair.higher],
        };
        app.follow(tx, ended).await?;
        gone(tx, &row);
        tell(tx, (me, pair.beside(me)), id);
        Ok(Done::Keep(Ended::AsAsked))
    })
}
