//! How it went, and carrying over.

use chrono::NaiveDate;
use entity::commitment_day::Answer;
use entity::{CommitmentId, MemberId};

use super::{Held, changed, held, store, tell};
use crate::app::App;
use crate::bus::Event;
use crate::commitment::model::{Kept, Refusal, Step};
use crate::db::{Done, Tx, transact};
use crate::error::Fault;

/// What became of what was said of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It stands.
    AsAsked,
    /// He has no such commitment.
    NotFound,
    /// It cannot be said of that day.
    Refused(Refusal),
}

/// Says of a day how it went. It may be said anew, and is then as it was said last.
pub async fn answer(
    app: &App,
    me: MemberId,
    id: CommitmentId,
    day: NaiveDate,
    answer: Answer,
) -> Result<Outcome, Fault> {
    let now = app.clock.now();
    let (outcome, event) = transact!(app.db, |tx| {
        let Some(held) = held(app, tx, me, id, None).await? else {
            return Ok(Done::Undo((Outcome::NotFound, None)));
        };
        let step = held.plan.answering(day, answer, held.today);
        if let Some(outcome) = settled(step) {
            return Ok(Done::Undo((outcome, None)));
        }
        let kept = Kept {
            answer: Some(answer),
            answered_at: Some(now),
            ..held.plan.kept(day)
        };
        let event = keep(app, tx, held, (day, kept)).await?;
        Ok(Done::Keep((Outcome::AsAsked, event)))
    })?;
    tell(app, event);
    Ok(outcome)
}

/// Moves what was not done on a day to a later one, which takes its place.
pub async fn carry_over(
    app: &App,
    me: MemberId,
    id: CommitmentId,
    day: NaiveDate,
    to: NaiveDate,
) -> Result<Outcome, Fault> {
    let (outcome, event) = transact!(app.db, |tx| {
        let Some(held) = held(app, tx, me, id, None).await? else {
            return Ok(Done::Undo((Outcome::NotFound, None)));
        };
        let step = held.plan.carrying(day, to, held.today);
        if let Some(outcome) = settled(step) {
            return Ok(Done::Undo((outcome, None)));
        }
        let kept = Kept {
            carried_to: Some(to),
            ..held.plan.kept(day)
        };
        let event = keep(app, tx, held, (day, kept)).await?;
        Ok(Done::Keep((Outcome::AsAsked, event)))
    })?;
    tell(app, event);
    Ok(outcome)
}

/// What it comes to when nothing is to be done.
const fn settled(step: Step) -> Option<Outcome> {
    match step {
        Step::Take => None,
        Step::Stands => Some(Outcome::AsAsked),
        Step::Refused(refusal) => Some(Outcome::Refused(refusal)),
    }
}

/// Keeps something of a day, and tells both. The last thing in a transaction.
async fn keep(
    app: &App,
    tx: &Tx,
    mut held: Held,
    (day, kept): (NaiveDate, Kept),
) -> Result<Option<Event>, Fault> {
    held.plan.kept.insert(day, kept);
    if let Some(to) = kept.carried_to {
        held.plan.kept.entry(to).or_default();
    }
    let ask = held.next_ask(app.clock.now());
    let (me, id) = (held.row.member_id, held.row.id);
    store::put_day(tx, (me, id), (day, kept), ask).await?;
    changed(app, tx, (me, held.partner), id).await
}
