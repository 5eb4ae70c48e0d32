//! The mutation that answers an occurrence.

use async_graphql::{ID, InputObject, Object};
use chrono::SecondsFormat;
use entity::OccurrenceId;
use macros::payload;

use super::MeetingOccurrence;
use super::RsvpAnswer;
use super::not_there;
use super::read_id;
use crate::graphql::errors::MeetingError;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::meeting::service::{self, OccurrenceView, RsvpOutcome};
use crate::problem::{Problem, ProblemCode};

/// An answer to "are you coming?".
#[derive(Debug, InputObject)]
pub struct RsvpInput {
    /// The id of the `MeetingOccurrence`.
    occurrence_id: ID,
    /// Whether you are coming. It stands until you give another answer.
    answer: RsvpAnswer,
}

/// The outcome of `rsvp`.
#[payload(CANCELLED, FULL, NOT_FOUND, TOO_LATE, TOO_SOON)]
pub struct RsvpPayload {
    /// The occurrence as it is now, with the answer that stands. If you are going, its meeting shows the place and the
    /// link. Null if no such occurrence is visible to you.
    occurrence: Option<MeetingOccurrence>,
    /// Why the answer was not taken; empty if it was. `FULL`, `TOO_LATE`, `CANCELLED` and `TOO_SOON` say why there is
    /// no seat.
    errors: Vec<MeetingError>,
}

impl RsvpPayload {
    fn of(view: Option<OccurrenceView>, problem: Option<Problem>) -> Self {
        Self {
            occurrence: view.map(MeetingOccurrence::from),
            ..Self::refused(problem.into_iter().collect())
        }
    }
}

/// The mutation that answers an occurrence.
#[derive(Default)]
pub struct RsvpMutation;

#[Object]
impl RsvpMutation {
    /// Answers whether you are coming. `GOING` takes a seat, and you are reminded an hour before the start. `NOT_GOING`
    /// gives both back.
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
    let (view, problem) = match outcome {
        RsvpOutcome::Answered(view) => (Some(view), None),
        RsvpOutcome::NotFound => (None, Some(not_there("occurrenceId"))),
        RsvpOutcome::Full(view) => {
            let message = "Every seat is taken for now.";
            (Some(view), because(ProblemCode::Full, message))
        }
        RsvpOutcome::TooLate(view) => {
            let message = "This meeting has started.";
            (Some(view), because(ProblemCode::TooLate, message))
        }
        RsvpOutcome::TooNew(view, at) => {
            let from = at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let message = format!(
                "Your account is too new for a seat in an open meeting: you can take one from {from}."
            );
            let problem = because(ProblemCode::TooSoon, &message);
            (Some(view), problem.map(|problem| problem.retry_at(at)))
        }
        RsvpOutcome::Cancelled(view) => {
            let message = "This meeting was called off.";
            (Some(view), because(ProblemCode::Cancelled, message))
        }
    };
    Ok(RsvpPayload::of(view, problem))
}
