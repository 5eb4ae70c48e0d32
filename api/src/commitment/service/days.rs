//! How it went, and carrying over.

use chrono::NaiveDate;
use entity::commitment_day::Answer;
use entity::{CommitmentId, MemberId};

use super::ask::{self, About};
use super::{Held, changed, held, store};
use crate::app::App;
use crate::commitment::model::{Kept, Refusal, Step};
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::nudge;

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

/// What is said of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// How it went. It may be said anew, and is then as it was said last.
    Answer(Answer),
    /// That a later day takes its place.
    CarriedTo(NaiveDate),
}

/// Says something of a day.
pub async fn say(
    app: &App,
    me: MemberId,
    id: CommitmentId,
    day: NaiveDate,
    said: Said,
) -> Result<Outcome, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(held) = held(app, tx, me, id, None).await? else {
            return Ok(Done::Undo(Outcome::NotFound));
        };
        let step = match said {
            Said::Answer(answer) => held.plan.answering(day, answer, held.today),
            Said::CarriedTo(to) => held.plan.carrying(day, to, held.today),
        };
        match step {
            Step::Take => {}
            Step::Stands => return Ok(Done::Undo(Outcome::AsAsked)),
            Step::Refused(refusal) => return Ok(Done::Undo(Outcome::Refused(refusal))),
        }
        let mut kept = held.plan.kept(day);
        match said {
            Said::Answer(answer) => {
                kept.answer = Some(answer);
                kept.answered_at = Some(now);
            }
            Said::CarriedTo(to) => kept.carried_to = Some(to),
        }
        keep(app, tx, held, (day, kept)).await?;
        Ok(Done::Keep(Outcome::AsAsked))
    })
}

/// Keeps something of a day, and tells both. The last thing in a transaction.
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
    if let (Some(partner), Some(peering)) = (held.told(), held.row.peering_id) {
        all_said(app, tx, (peering, day, partner)).await?;
    }
    changed(tx, (me, held.told()), id);
    Ok(())
}

/// The partner who was told that he can ask need not any more, once of everything that was due on the day he knows how
/// it went.
async fn all_said(app: &App, tx: &Tx, about: About) -> Result<(), Fault> {
    let (peering, day, partner) = about;
    if !nudge::service::can_ask_how_it_went(tx, partner, (peering, day)).await? {
        return Ok(());
    }
    let standing = ask::standing(tx, &[about], app.clock.now()).await?;
    if standing.get(&about) == Some(&false) {
        return Ok(());
    }
    nudge::service::knows_how_it_went(tx, partner, (peering, day)).await
}
