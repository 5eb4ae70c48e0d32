//! Answering.

use async_graphql::{ID, InputObject, Object, SimpleObject};
use chrono::SecondsFormat;
use entity::OccurrenceId;

use super::MeetingOccurrence;
use super::RsvpAnswer;
use super::not_there;
use super::read_id;
use crate::graphql::errors::{MeetingError, user_errors};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::meeting::service::{self, RsvpOutcome, Seen};
use crate::problem::{Problem, ProblemCode};

/// An answer to "are you coming?".
#[derive(Debug, InputObject)]
pub struct RsvpInput {
    /// The id of the `MeetingOccurrence` it is an answer to.
    occurrence_id: ID,
    /// Whether you are. It stands until you give another.
    answer: RsvpAnswer,
}

/// What became of an answer.
#[derive(Debug, SimpleObject)]
pub struct RsvpPayload {
    /// The occurrence as it is now, with the answer that stands; once you are going, with how to get in. Null
    /// when there is no such occurrence for you.
    occurrence: Option<MeetingOccurrence>,
    /// Why the answer was not taken; empty when it was. `FULL`, `TOO_LATE`, `CANCELLED` and
    /// `TOO_SOON` say why there is no seat.
    errors: Vec<MeetingError>,
}

impl RsvpPayload {
    fn of(seen: Option<Seen>, problem: Option<Problem>) -> Self {
        Self {
            occurrence: seen.map(MeetingOccurrence::from),
            errors: user_errors(problem.into_iter().collect()),
        }
    }
}

/// Answering.
#[derive(Default)]
pub struct RsvpMutation;

#[Object]
impl RsvpMutation {
    /// Says whether you are coming. Going keeps a seat and brings a reminder an hour before; not going gives both
    /// back.
    async fn rsvp(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "The answer.")] input: RsvpInput,
    ) -> Nullable<RsvpPayload> {
        Some(rsvp(ctx, &input).await)
    }
}

async fn rsvp(ctx: &async_graphql::Context<'_>, input: &RsvpInput) -> GqlResult<RsvpPayload> {
    let member = ctx.member()?.member;
    let id = match read_id::<OccurrenceId>("occurrenceId", &input.occurrence_id) {
        Ok(id) => id,
        Err(problem) => return Ok(RsvpPayload::of(None, Some(problem))),
    };
    let outcome = service::rsvp(ctx.app(), member, id, input.answer.into()).await?;
    let because = |code, message: &str| Some(Problem::field("occurrenceId", code, message));
    let (seen, problem) = match outcome {
        RsvpOutcome::Answered(seen) => (Some(seen), None),
        RsvpOutcome::NotFound => (None, Some(not_there("occurrenceId"))),
        RsvpOutcome::Full(seen) => {
            let message = "Every seat is taken for now.";
            (Some(seen), because(ProblemCode::Full, message))
        }
        RsvpOutcome::TooLate(seen) => {
            let message = "It has started.";
            (Some(seen), because(ProblemCode::TooLate, message))
        }
        RsvpOutcome::TooNew(seen, at) => {
            let from = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let message = format!(
                "Seats in open meetings are for accounts that are not quite new: you can take one from {from}."
            );
            let problem = because(ProblemCode::TooSoon, &message);
            (Some(seen), problem.map(|problem| problem.retry_at(at)))
        }
        RsvpOutcome::Cancelled(seen) => {
            let message = "It was called off.";
            (Some(seen), because(ProblemCode::Cancelled, message))
        }
    };
    Ok(RsvpPayload::of(seen, problem))
}
