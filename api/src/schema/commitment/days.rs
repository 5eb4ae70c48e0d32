//! Saying how it went, and carrying over.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::CommitmentId;

use super::Commitment;
use super::changes::no_commitment;
use super::changes::over;
use super::load;
use super::types::CommitmentAnswer;
use crate::commitment::model::Refusal;
use crate::commitment::service::{self, Outcome, Said};
use crate::graphql::errors::{CommitmentError, user_errors};
use crate::graphql::scalars::Date;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::problem::{Problem, ProblemCode};

/// How it went on a day.
#[derive(Debug, InputObject)]
pub struct AnswerCommitmentInput {
    /// The id of the `Commitment`.
    commitment_id: ID,
    /// The day on which it is due, or was. Of what is due every week it has begun, and is at most 14 days past. What is due
    /// once can be done early, and waits; what was carried over to a day can be done early, too.
    due_on: Date,
    /// How it went. Said anew, it is as it was said last.
    answer: CommitmentAnswer,
}

/// What became of an answer.
#[derive(Debug, SimpleObject)]
pub struct AnswerCommitmentPayload {
    /// The commitment as it is now; null when you have none such.
    commitment: Option<Commitment>,
    /// Why your answer was not taken.
    errors: Vec<CommitmentError>,
}

/// A later day in place of one on which it was not done.
#[derive(Debug, InputObject)]
pub struct CarryCommitmentOverInput {
    /// The id of the `Commitment`.
    commitment_id: ID,
    /// The day on which it is due, or was; as far as it can be answered.
    due_on: Date,
    /// The day that takes its place: later, not before today, and at most 366 days off. What is due every week is due on
    /// its weekdays as before.
    to: Date,
}

/// What became of carrying over.
#[derive(Debug, SimpleObject)]
pub struct CarryCommitmentOverPayload {
    /// The commitment as it is now; null when you have none such.
    commitment: Option<Commitment>,
    /// Why it was not carried over.
    errors: Vec<CommitmentError>,
}

/// What is said of the days of commitments.
#[derive(Default)]
pub struct CommitmentDayMutation;

#[Object]
impl CommitmentDayMutation {
    /// Says how it went on a day: done, partly, or not this time.
    async fn answer_commitment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day, and how it went.")] input: AnswerCommitmentInput,
    ) -> Nullable<AnswerCommitmentPayload> {
        Some(answer(ctx, &input).await)
    }

    /// Moves what was not done on a day to a later one. Of the first day nothing is asked any more.
    async fn carry_commitment_over(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From which day to which.")] input: CarryCommitmentOverInput,
    ) -> Nullable<CarryCommitmentOverPayload> {
        Some(carry_over(ctx, &input).await)
    }
}

async fn answer(
    ctx: &Context<'_>,
    input: &AnswerCommitmentInput,
) -> GqlResult<AnswerCommitmentPayload> {
    let said = Said::Answer(input.answer.into());
    let (commitment, errors) = say(ctx, &input.commitment_id, input.due_on, said).await?;
    Ok(AnswerCommitmentPayload { commitment, errors })
}

async fn carry_over(
    ctx: &Context<'_>,
    input: &CarryCommitmentOverInput,
) -> GqlResult<CarryCommitmentOverPayload> {
    let said = Said::CarriedTo(input.to.0);
    let (commitment, errors) = say(ctx, &input.commitment_id, input.due_on, said).await?;
    Ok(CarryCommitmentOverPayload { commitment, errors })
}

async fn say(
    ctx: &Context<'_>,
    id: &ID,
    day: Date,
    said: Said,
) -> GqlResult<(Option<Commitment>, Vec<CommitmentError>)> {
    let me = ctx.member()?.member;
    let missing = || (None, user_errors(vec![no_commitment()]));
    let Some(id) = CommitmentId::from_global(id) else {
        return Ok(missing());
    };
    let problem = match service::say(ctx.app(), me, id, day.0, said).await? {
        Outcome::AsAsked => None,
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
            "It was carried over from this day to another, which has taken its place.",
        ),
        Refusal::IsDone => (
            "dueOn",
            ProblemCode::Conflict,
            "It is done: there is nothing to carry over.",
        ),
        Refusal::OtherDay => (
            "to",
            ProblemCode::OutOfRange,
            "It is carried over to a later day, today or later, and at most 366 days off.",
        ),
        Refusal::Answered => (
            "to",
            ProblemCode::Conflict,
            "Of that day you have said already how it went, or carried it over.",
        ),
    };
    Problem::field(field, code, message)
}
