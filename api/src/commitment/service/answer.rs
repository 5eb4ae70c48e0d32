//! Answers and carrying over.

use chrono::NaiveDate;
use entity::commitment_day::Answer;
use entity::{CommitmentId, MemberId};

use super::follow_up::{self, About};
use super::{Held, changed, load_locked, store};
use crate::app::App;
use crate::commitment::model::{Decision, Kept, Refusal};
use crate::error::Fault;
use crate::transact;
use crate::tx::{Done, Tx};

/// The outcome of a change of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The day is in the requested state.
    Succeeded,
    /// The member has no such commitment.
    NotFound,
    /// The day does not accept this change.
    Refused(Refusal),
}

/// A change of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayChange {
    /// The answer. A later answer replaces an earlier one.
    Answer(Answer),
    /// A later day replaces this one.
    CarriedTo(NaiveDate),
}

/// Answers a day, or carries it over.
pub async fn change_day(
    app: &App,
    me: MemberId,
    id: CommitmentId,
    day: NaiveDate,
    change: DayChange,
) -> Result<Outcome, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(held) = load_locked(app, tx, me, id, None).await? else {
            return Ok(Done::Undo(Outcome::NotFound));
        };
        let decision = match change {
            DayChange::Answer(answer) => held.plan.answering(day, answer, held.today),
            DayChange::CarriedTo(to) => held.plan.carrying(day, to, held.today),
        };
        match decision {
            Decision::Apply => {}
            Decision::AlreadyApplied => return Ok(Done::Undo(Outcome::Succeeded)),
            Decision::Refused(refusal) => return Ok(Done::Undo(Outcome::Refused(refusal))),
        }
        let mut kept = held.plan.kept(day);
        match change {
            DayChange::Answer(answer) => {
                kept.answer = Some(answer);
                kept.answered_at = Some(now);
            }
            DayChange::CarriedTo(to) => kept.carried_to = Some(to),
        }
        keep(app, tx, held, (day, kept)).await?;
        Ok(Done::Keep(Outcome::Succeeded))
    })
}

/// Stores a day's state and notifies both members. It must be the last step of a transaction.
async fn keep(
    app: &App,
    tx: &Tx,
    mut held: Held,
    (day, kept): (NaiveDate, Kept),
) -> Result<(), Fault> {
    held.plan.kept.insert(day, kept);
    if let Some(to) = kept.carried_to {
        held.plan.kept.entry(to).or_default();
    }
    let ask = held.next_ask(app.clock.now());
    let (me, id) = (held.row.member_id, held.row.id);
    store::put_day(tx, (me, id), (day, kept), ask).await?;
    if let (Some(partner), Some(peering)) = (held.partner_to_notify(), held.row.peering_id) {
        withdraw_if_all_answered(app, tx, (peering, day, partner)).await?;
    }
    changed(tx, (me, held.partner_to_notify()), id);
    Ok(())
}

/// Withdraws the partner's invitation once everything that was due on the day has an answer.
async fn withdraw_if_all_answered(app: &App, tx: &Tx, about: About) -> Result<(), Fault> {
    let (peering, day, partner) = about;
    if !follow_up::can_ask_how_it_went(tx, partner, (peering, day)).await? {
        return Ok(());
    }
    let questions = follow_up::open_questions(tx, &[about], app.clock.now()).await?;
    if questions.get(&about) == Some(&false) {
        return Ok(());
    }
    follow_up::knows_how_it_went(tx, partner, (peering, day)).await
}
