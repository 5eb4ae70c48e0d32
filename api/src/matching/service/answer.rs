//! Answering a proposal, taking one back, and ending what there is.

use entity::peering::State;
use entity::{MemberId, PeeringId};

use super::{begin, gone, held, hint, proposed_key, store, tell};
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::matching::model::{self, Pair, Step};
use crate::sync::model::Changes;
use crate::{commitment, ladder, nudge, pact, sync};

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
    let (outcome, event) = transact!(app.db, |tx| {
        let Some(row) = held(tx, me, id).await? else {
            return Ok(Done::Undo((Answered::NotFound, None)));
        };
        match model::answer(&row, me, accept, now) {
            Step::Take => {}
            Step::Stands => return Ok(Done::Undo((as_asked, None))),
            Step::NotThere => return Ok(Done::Undo((Answered::NotFound, None))),
            Step::NotHis => return Ok(Done::Undo((Answered::OwnProposal, None))),
            Step::OtherState => return Ok(Done::Undo((Answered::SaidYes, None))),
        }
        if accept {
            return Ok(if begin(app, tx, &row, now).await? {
                Done::Keep((as_asked, Some(hint(row.proposed_by, id))))
            } else {
                Done::Undo((Answered::TooManyPartners, None))
            });
        }
        store::answer(tx, id, State::Declined, now).await?;
        nudge::service::withdraw(tx, me, &proposed_key(id)).await?;
        let mut changes = Changes::new();
        changes.gone(me, id);
        sync::service::record(app, tx, changes).await?;
        Ok(Done::Keep((as_asked, None)))
    })?;
    tell(app, event);
    Ok(outcome)
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
    let (outcome, event) = transact!(app.db, |tx| {
        let Some(row) = held(tx, me, id).await? else {
            return Ok(Done::Undo((Withdrawn::NotFound, None)));
        };
        match model::withdrawal(&row, me, now) {
            Step::Take => {}
            Step::Stands => return Ok(Done::Undo((Withdrawn::AsAsked, None))),
            Step::NotThere => return Ok(Done::Undo((Withdrawn::NotFound, None))),
            Step::NotHis => return Ok(Done::Undo((Withdrawn::NotHis, None))),
            Step::OtherState => return Ok(Done::Undo((Withdrawn::Accepted, None))),
        }
        store::end(tx, id, State::Withdrawn, now).await?;
        let other = Pair::in_it(&row).beside(me);
        nudge::service::withdraw(tx, other, &proposed_key(id)).await?;
        let mut changes = Changes::new();
        gone(&mut changes, &row);
        sync::service::record(app, tx, changes).await?;
        // Who had said no knows nothing of it.
        let event = (row.state == State::Proposed).then(|| hint(other, id));
        Ok(Done::Keep((Withdrawn::AsAsked, event)))
    })?;
    tell(app, event);
    Ok(outcome)
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
    let (outcome, event) = transact!(app.db, |tx| {
        let Some(row) = held(tx, me, id).await? else {
            return Ok(Done::Undo((Ended::NotFound, None)));
        };
        match model::end(&row, me, now) {
            Step::Take => {}
            Step::Stands => return Ok(Done::Undo((Ended::AsAsked, None))),
            Step::NotThere | Step::NotHis => return Ok(Done::Undo((Ended::NotFound, None))),
            Step::OtherState => return Ok(Done::Undo((Ended::NotBegun, None))),
        }
        store::end(tx, id, State::Ended, now).await?;
        let pair = Pair::in_it(&row);
        let mut changes = Changes::new();
        pact::service::end_of_peering(app, tx, (id, pair), &mut changes).await?;
        ladder::service::end_of_peering(app, tx, id).await?;
        commitment::service::end_of_peering(tx, (id, pair), &mut changes).await?;
        gone(&mut changes, &row);
        sync::service::record(app, tx, changes).await?;
        let event = hint(pair.beside(me), id);
        Ok(Done::Keep((Ended::AsAsked, Some(event))))
    })?;
    tell(app, event);
    Ok(outcome)
}
