//! The mutations that answer days of a commitment and carry them over.

use async_graphql::{Context, ID, InputObject, Object};
use entity::CommitmentId;
use macros::payload;

use super::Commitment;
use super::changes::no_commitment;
use super::changes::over;
use super::load;
use super::types::CommitmentAnswer;
use crate::commitment::model::Refusal;
use crate::commitment::service::{self, DayChange, Outcome};
use crate::graphql::errors::{CommitmentError, user_errors};
use crate::graphql::scalars::Date;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::problem::{Problem, ProblemCode};

/// An answer for a day of a commitment.
#[derive(Debug, InputObject)]
pub struct AnswerCommitmentInput {
    /// The id of the `Commitment`.
    commitment_id: ID,
    /// The day on which it is or was due. For a weekly commitment the day must have begun, and be at most 14 days past.
    /// A one-time commitment can be answered early, or at any later time. A day that another was carried over to can be
    /// answered early, too.
    due_on: Date,
    /// How it went. A later answer replaces an earlier one.
    answer: CommitmentAnswer,
}

/// The result of an answer.
#[payload(CONFLICT, NOT_FOUND, OUT_OF_RANGE, TOO_LATE)]
pub struct AnswerCommitmentPayload {
    /// The commitment as it is now; null if you have no such commitment.
    commitment: Option<Commitment>,
    /// Why the answer was refused; empty if it was stored.
    errors: Vec<CommitmentError>,
}

/// A day of a commitment to carry over to a later one.
#[derive(Debug, InputObject)]
pub struct CarryCommitmentOverInput {
    /// The id of the `Commitment`.
    commitment_id: ID,
    /// The day on which it is or was due. The same limits apply as for an answer.
    due_on: Date,
    /// The day that replaces it: later, not before today, and at most 366 days ahead. A weekly commitment stays due on
    /// its weekdays.
    to: Date,
}

/// The result of carrying over.
#[payload(CONFLICT, NOT_FOUND, OUT_OF_RANGE, TOO_LATE)]
pub struct CarryCommitmentOverPayload {
    /// The commitment as it is now; null if you have no such commitment.
    commitment: Option<Commitment>,
    /// Why it was not carried over; empty if it was.
    errors: Vec<CommitmentError>,
}

/// Changes to the days of commitments.
#[derive(Default)]
pub struct CommitmentDayMutation;

#[Object]
impl CommitmentDayMutation {
    /// Answers how it went on a day: done, partly, or not this time.
    async fn answer_commitment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day, and how it went.")] input: AnswerCommitmentInput,
    ) -> Nullable<AnswerCommitmentPayload> {
        Some(answer(ctx, &input).await)
    }

    /// Carries a day of a commitment over to a later one. No answer is expected for the first day any more.
    async fn carry_commitment_over(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The two days.")] input: CarryCommitmentOverInput,
    ) -> Nullable<CarryCommitmentOverPayload> {
        Some(carry_over(ctx, &input).await)
    }
}

async fn answer(
    ctx: &Context<'_>,
    input: &AnswerCommitmentInput,
) -> GqlResult<AnswerCommitmentPayload> {
    let change = DayChange::Answer(input.answer.into());
    let (commitment, errors) = change_day(ctx, &input.commitment_id, input.due_on, change).await?;
    Ok(AnswerCommitmentPayload { commitment, errors })
}

async fn carry_over(
    ctx: &Context<'_>,
    input: &CarryCommitmentOverInput,
) -> GqlResult<CarryCommitmentOverPayload> {
    let change = DayChange::CarriedTo(input.to.0);
    let (commitment, errors) = change_day(ctx, &input.commitment_id, input.due_on, change).await?;
    Ok(CarryCommitmentOverPayload { commitment, errors })
}

async fn change_day(
    ctx: &Context<'_>,
    id: &ID,
    day: Date,
    change: DayChange,
) -> GqlResult<(Option<Commitment>, Vec<CommitmentError>)> {
    let me = ctx.member()?.member;
    let missing = || (None, user_errors(vec![no_commitment()]));
    let Some(id) = CommitmentId::from_global(id) else {
        return Ok(missing());
    };
    let problem = match service::change_day(ctx.app(), me, id, day.0, change).await? {
        Outcome::Succeeded => None,
        Outcome::NotFound => return Ok(missing()),
        Outcome::Refused(refusal) => Some(refused(refusal)),
    };
    let errors = user_errors(problem.into_iter().collect());
    Ok((load(ctx, id).await?, errors))
}

fn refused(refusal: Refusal) -> Problem {
    let (field, code, message) = match refusal {
        Refusal::Over => return over(),
        Refusal::NotDue => (
            "dueOn",
            ProblemCode::OutOfRange,
            "It is not due on this day.",
        ),
        Refusal::NotYet => (
            "dueOn",
            ProblemCode::OutOfRange,
            "This day has not begun where you are.",
        ),
        Refusal::TooLate => (
            "dueOn",
            ProblemCode::TooLate,
            "A day can be answered or carried over until 14 days after it.",
        ),
        Refusal::Carried => (
            "dueOn",
            ProblemCode::Conflict,
            "You have already carried this day over to another one.",
        ),
        Refusal::IsDone => (
            "dueOn",
            ProblemCode::Conflict,
            "It is done: there is nothing to carry over.",
        ),
        Refusal::OtherDay => (
            "to",
            ProblemCode::OutOfRange,
            "The new day must be later, not before today, and at most 366 days ahead.",
        ),
        Refusal::Answered => (
            "to",
            ProblemCode::Conflict,
            "You have already answered that day, or carried it over.",
        ),
    };
    Problem::field(field, code, message)
}
