//! The check-in mutation.

use async_graphql::{Context, InputObject, MaybeUndefined, Object};
use entity::MemberId;

use super::progress;
use super::progress::Progress;
use super::types::CheckIn;
use super::types::CheckInVisibility;
use super::types::KeptWord;
use crate::checkin::entry::{LEVELS, MAX_EMOTIONS, NOTE, Patch};
use crate::checkin::service::{self, CheckInOutcome, NewCheckIn};
use crate::graphql::errors::{CheckInError, user_errors};
use crate::graphql::patch::{clearable, list, null_as_omitted, prose};
use crate::graphql::scalars::{Date, DateTime, Uuid};
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::pact;
use crate::patch::Change;
use crate::problem::{Problem, ProblemCode, Problems};

/// A check-in to record.
#[derive(Debug, InputObject)]
pub struct CheckInInput {
    /// The id, a UUID of version 7 that your app generates. Sending the same check-in again changes nothing.
    ///
    /// Sending other content under the same id edits the check-in. This works during its day, and for a late entry also
    /// on the day it was written. Taking something back works at any time: send null for a value, or a narrower
    /// visibility. A request from before that, sent again, does not restore it. To enter the same value again, send
    /// `madeAt`.
    id: Uuid,
    /// Your day that the check-in is for: today or an earlier one. Until 48 hours after its end it counts in your
    /// progress. After that, and up to 14 days back, it is stored as an entry that changes no run and no total (see
    /// `CheckIn.countsInProgress`). If omitted, it is the day of `madeAt`, or today.
    local_date: Option<Date>,
    /// How you are, from 1 (very low) to 5 (very good). Omit it to leave it unchanged; null takes it back.
    mood: MaybeUndefined<i32>,
    /// How much energy you have, from 1 (next to none) to 5 (plenty). Omit it to leave it unchanged; null takes it
    /// back.
    energy: MaybeUndefined<i32>,
    /// What you feel: slugs of `emotions`, at most 10. Replaces the whole list; null empties it.
    emotions: MaybeUndefined<Vec<String>>,
    /// A note in your own words, up to 2,000 characters, with line breaks. Null or blank takes it back.
    note: MaybeUndefined<String>,
    /// Whether you kept your word. Omit it to leave it unchanged; null takes it back.
    kept_word: MaybeUndefined<KeptWord>,
    /// Whether you would like a partner to get in touch. The default is no. Omitted or null leaves it unchanged.
    wants_a_word: MaybeUndefined<bool>,
    /// Who may read the content. The default is you alone. Omitted or null leaves it unchanged.
    visibility: MaybeUndefined<CheckInVisibility>,
    /// When it was made, by the phone's clock. A check-in that waited for a connection is then recorded for the right
    /// day.
    made_at: Option<DateTime>,
}

/// The result of a check-in.
#[derive(Debug)]
pub struct CheckInPayload {
    member: MemberId,
    check_in: Option<CheckIn>,
    problems: Vec<Problem>,
}

/// The result of a check-in.
///
/// The codes of its errors: `CONFLICT`, `INVALID`, `OUT_OF_RANGE`, `TOO_LONG`.
#[Object]
impl CheckInPayload {
    /// The day's check-in. With CONFLICT it is the existing one, if it is yours. Null if there are other errors.
    async fn check_in(&self) -> &Option<CheckIn> {
        &self.check_in
    }

    /// Your progress, including this check-in.
    async fn progress(&self, ctx: &Context<'_>) -> Nullable<Progress> {
        Some(progress::of(ctx, self.member).await)
    }

    /// Whether your partners may see your wish for contact only in the morning: all of them have quiet hours now and
    /// have not allowed you to wake them. Null if no partner is notified. For help at night see
    /// `Query.installation.crisisHelp`.
    async fn may_wait_until_morning(&self, ctx: &Context<'_>) -> Nullable<bool> {
        let asks = self.check_in.as_ref().is_some_and(CheckIn::asks_for_a_word);
        if !asks {
            return None;
        }
        let waits = pact::service::word_may_wait(ctx.app(), self.member).await;
        waits.map_err(GqlError::from).transpose()
    }

    /// Why the check-in was refused; empty if it was recorded.
    async fn errors(&self) -> Vec<CheckInError> {
        user_errors(self.problems.clone())
    }
}

/// The check-in mutation.
#[derive(Default)]
pub struct CheckInMutation;

#[Object]
impl CheckInMutation {
    /// Checks you in. It counts once for each of your days, from however many devices.
    async fn check_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The check-in.")] input: CheckInInput,
    ) -> Nullable<CheckInPayload> {
        Some(check_in(ctx, input).await)
    }
}

fn level(problems: &mut Problems, field: &str, sent: MaybeUndefined<i32>) -> Change<Option<i32>> {
    if let MaybeUndefined::Value(level) = sent
        && !LEVELS.contains(&level)
    {
        let message = "Choose a level from 1 to 5.";
        problems.push(Problem::field(field, ProblemCode::OutOfRange, message));
    }
    clearable(sent)
}

async fn emotions(
    ctx: &Context<'_>,
    problems: &mut Problems,
    sent: MaybeUndefined<Vec<String>>,
) -> GqlResult<Change<Vec<String>>> {
    let Change::Put(slugs) = list(sent, |slugs| slugs) else {
        return Ok(Change::Leave);
    };
    if slugs.len() > MAX_EMOTIONS {
        let message = format!("A check-in names at most {MAX_EMOTIONS} feelings.");
        let problem = Problem::field("emotions", ProblemCode::TooLong, message);
        problems.push(problem.limit(MAX_EMOTIONS));
        return Ok(Change::Leave);
    }
    if slugs.is_empty() {
        return Ok(Change::Put(slugs));
    }
    let words = service::emotions(ctx.app()).await?;
    let mut named: Vec<String> = Vec::new();
    for (place, slug) in slugs.into_iter().enumerate() {
        if !words.iter().any(|word| word.slug == slug) {
            let message = "This is not in the vocabulary; see `emotions`.";
            let field = format!("emotions.{place}");
            problems.push(Problem::field(&field, ProblemCode::Invalid, message));
        } else if !named.contains(&slug) {
            named.push(slug);
        }
    }
    Ok(Change::Put(named))
}

async fn check_in(ctx: &Context<'_>, input: CheckInInput) -> GqlResult<CheckInPayload> {
    let member = ctx.member()?.member;
    let mut problems = Problems::default();
    let id = problems.check(input.id.made_by_app("id"));
    let says = Patch {
        mood: level(&mut problems, "mood", input.mood),
        energy: level(&mut problems, "energy", input.energy),
        emotions: emotions(ctx, &mut problems, input.emotions).await?,
        note: prose(&mut problems, "note", NOTE, input.note),
        kept_word: clearable(input.kept_word),
        wants_a_word: null_as_omitted(input.wants_a_word),
        visibility: null_as_omitted(input.visibility),
    };
    let (Some(id), true) = (id, problems.is_empty()) else {
        return Ok(CheckInPayload {
            member,
            check_in: None,
            problems: problems.into_vec(),
        });
    };
    let new = NewCheckIn {
        id,
        day: input.local_date.map(|date| date.0),
        says,
        made_at: input.made_at.map(|made| made.0),
    };
    let field_of_day = match (new.day, new.made_at) {
        (None, Some(_)) => "madeAt",
        _ => "localDate",
    };
    let outcome = service::check_in(ctx.app(), member, new).await?;
    let (check_in, problem) = check_in_and_problem(outcome, field_of_day);
    Ok(CheckInPayload {
        member,
        check_in: check_in.map(CheckIn::from),
        problems: problem.into_iter().collect(),
    })
}

/// Returns the check-in to show, and why the request was refused.
fn check_in_and_problem(
    outcome: CheckInOutcome,
    field_of_day: &str,
) -> (Option<crate::checkin::entry::CheckIn>, Option<Problem>) {
    let conflict = |field, message: &str| Problem::field(field, ProblemCode::Conflict, message);
    match outcome {
        CheckInOutcome::Recorded(check_in)
        | CheckInOutcome::Edited(check_in)
        | CheckInOutcome::Unchanged(check_in) => (Some(check_in), None),
        CheckInOutcome::DayTaken(check_in) => {
            let message = "This day already has a check-in, which is returned.";
            (Some(check_in), Some(conflict("localDate", message)))
        }
        CheckInOutcome::IdTaken(check_in) => {
            let message = "This id was already used for other content.";
            (check_in, Some(conflict("id", message)))
        }
        CheckInOutcome::OtherDay { today } => {
            let message = format!("Today is {today} for you. You cannot check in for that day.");
            let problem = Problem::field(field_of_day, ProblemCode::OutOfRange, message);
            (None, Some(problem))
        }
    }
}
