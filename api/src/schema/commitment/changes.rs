//! The mutations that make, change and end commitments.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, OneofObject};
use entity::{CommitmentId, PeeringId};
use macros::payload;

use super::Commitment;
use super::load;
use crate::commitment::model::{MOST_OPEN, WORDS, When};
use crate::commitment::service::{self, Ended, Made, New, Patch, Updated};
use crate::days::cadence::Cadence;
use crate::graphql::errors::CommitmentError;
use crate::graphql::patch::needed;
use crate::graphql::scalars::{Date, DateTime, Uuid};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::patch::Change;
use crate::problem::{Problem, ProblemCode, Problems};
use crate::schema::profile::Weekday;
use crate::text::required;

/// A commitment to make.
#[derive(Debug, InputObject)]
pub struct MakeCommitmentInput {
    /// The id, a UUID of version 7 that your app generates. Sending it again returns the same commitment.
    id: Uuid,
    /// What you plan to do, 1 to 200 characters on one line. It is encrypted at rest.
    words: String,
    /// When it is due: once, or every week.
    due: CommitmentDueInput,
    /// The id of the `Peering` with the partner who may see it. If omitted or null, nobody else sees it.
    peering_id: Option<ID>,
    /// When it was made, by the phone's clock. A commitment that waited for a connection is due from that day on, at
    /// most 14 days back.
    made_at: Option<DateTime>,
}

/// When a commitment is due. Give one of the two.
#[derive(Debug, OneofObject)]
pub enum CommitmentDueInput {
    /// Once, on this day of your own calendar: at most 366 days ahead. It may be up to 14 days back, because the phone
    /// may have waited for a connection.
    On(Date),
    /// Every week on these weekdays, at least one. It is due from the day of `madeAt` on, or from today.
    Weekdays(Vec<Weekday>),
}

/// The result of making a commitment.
#[payload(
    CONFLICT,
    INVALID,
    NOT_FOUND,
    OUT_OF_RANGE,
    REQUIRED,
    TOO_LONG,
    TOO_MANY
)]
pub struct MakeCommitmentPayload {
    /// The commitment. With CONFLICT it is the existing one, if it is yours. Null if there are other errors.
    commitment: Option<Commitment>,
    /// Why it was not made; empty if it was.
    errors: Vec<CommitmentError>,
}

/// The changes to a commitment. Omitted values stay unchanged.
#[derive(Debug, InputObject)]
pub struct UpdateCommitmentInput {
    /// The id of the `Commitment`.
    commitment_id: ID,
    /// What you plan to do, 1 to 200 characters on one line.
    words: MaybeUndefined<String>,
    /// The id of the `Peering` with the partner who may see it, instead of the current one. Null stops sharing it. A
    /// former partner loses access immediately.
    peering_id: MaybeUndefined<ID>,
    /// The `version` you read. If omitted, any version is changed.
    expected_version: Option<i32>,
}

/// The result of changing a commitment.
#[payload(NOT_FOUND, OUT_OF_RANGE, REQUIRED, STALE, TOO_LATE, TOO_LONG, TOO_MANY)]
pub struct UpdateCommitmentPayload {
    /// The commitment as it is now; null if you have no such commitment.
    commitment: Option<Commitment>,
    /// Why nothing was changed; empty if it was.
    errors: Vec<CommitmentError>,
}

/// A commitment to end.
#[derive(Debug, InputObject)]
pub struct EndCommitmentInput {
    /// The id of the `Commitment`.
    commitment_id: ID,
}

/// The result of ending a commitment.
#[payload(NOT_FOUND)]
pub struct EndCommitmentPayload {
    /// The commitment as it is now; null if you have no such commitment.
    commitment: Option<Commitment>,
    /// Why it was not ended; empty if it was.
    errors: Vec<CommitmentError>,
}

/// Changes to commitments.
#[derive(Default)]
pub struct CommitmentMutation;

#[Object]
impl CommitmentMutation {
    /// Makes a commitment, for one day or for every week. You can have at most 20 open ones.
    async fn make_commitment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The commitment.")] input: MakeCommitmentInput,
    ) -> Nullable<MakeCommitmentPayload> {
        Some(make(ctx, input).await)
    }

    /// Changes the words of a commitment, or the partner who sees it. Both take effect immediately.
    async fn update_commitment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateCommitmentInput,
    ) -> Nullable<UpdateCommitmentPayload> {
        Some(update(ctx, input).await)
    }

    /// Ends a commitment: it is not due any more. Your answers are kept. Nobody has to say why. Nothing happens if it
    /// has already ended.
    async fn end_commitment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The commitment.")] input: EndCommitmentInput,
    ) -> Nullable<EndCommitmentPayload> {
        Some(end(ctx, &input).await)
    }
}

fn parse(input: MakeCommitmentInput) -> Result<New, Vec<Problem>> {
    let mut problems = Problems::default();
    let id = problems.check(input.id.made_by_app("id"));
    let words = problems.check(WORDS.require("words", &input.words));
    let when = problems.check(when(input.due));
    let peering = input.peering_id.as_ref();
    let peering = peering.map(|id| PeeringId::from_global(id).ok_or_else(no_peering));
    let peering = problems.check(peering.transpose());
    match (id, words, when, peering) {
        (Some(id), Some(words), Some(when), Some(peering)) => Ok(New {
            id,
            words,
            when,
            peering,
            made_at: input.made_at.map(|made_at| made_at.0),
        }),
        _ => Err(problems.into_vec()),
    }
}

fn when(due: CommitmentDueInput) -> Result<When, Problem> {
    match due {
        CommitmentDueInput::On(day) => Ok(When::Once(day.0)),
        CommitmentDueInput::Weekdays(weekdays) => {
            let weekdays: Vec<_> = weekdays.into_iter().map(Into::into).collect();
            let weekly = Cadence::on(&weekdays).map(When::Weekly);
            weekly.ok_or_else(|| required("due.weekdays"))
        }
    }
}

async fn make(ctx: &Context<'_>, input: MakeCommitmentInput) -> GqlResult<MakeCommitmentPayload> {
    let me = ctx.member()?.member;
    let new = match parse(input) {
        Ok(new) => new,
        Err(problems) => {
            return Ok(MakeCommitmentPayload::refused(problems));
        }
    };
    let problem = match service::make(ctx.app(), me, &new).await? {
        Made::Succeeded => None,
        Made::NoPartner => Some(no_peering()),
        Made::OtherDay => {
            let message = "The day must be at most 14 days back and at most 366 days ahead.";
            Some(Problem::field("due.on", ProblemCode::OutOfRange, message))
        }
        Made::TooMany => {
            let message =
                format!("You have {MOST_OPEN} open commitments. End one to make another.");
            Some(Problem::whole(ProblemCode::TooMany, message).limit(MOST_OPEN))
        }
        Made::Conflict => {
            let message = "This id was already used for another commitment.";
            Some(Problem::field("id", ProblemCode::Conflict, message))
        }
    };
    // A commitment of another member is not returned.
    let is_there = problem
        .as_ref()
        .is_none_or(|problem| problem.code == ProblemCode::Conflict);
    let found = if is_there {
        load(ctx, new.id).await?.filter(Commitment::is_own)
    } else {
        None
    };
    Ok(MakeCommitmentPayload {
        commitment: found,
        ..MakeCommitmentPayload::refused(problem.into_iter().collect())
    })
}

async fn update(
    ctx: &Context<'_>,
    input: UpdateCommitmentInput,
) -> GqlResult<UpdateCommitmentPayload> {
    let me = ctx.member()?.member;
    let mut problems = Problems::default();
    let id = CommitmentId::from_global(&input.commitment_id);
    let id = problems.check(id.ok_or_else(no_commitment));
    let read = |text: String| WORDS.require("words", &text);
    let words = needed(&mut problems, "words", input.words, read);
    let peering = match input.peering_id {
        MaybeUndefined::Undefined => Change::Leave,
        MaybeUndefined::Null => Change::Put(None),
        MaybeUndefined::Value(id) => {
            let id = problems.check(PeeringId::from_global(&id).ok_or_else(no_peering));
            Change::Put(id)
        }
    };
    let (Some(id), true) = (id, problems.is_empty()) else {
        return Ok(UpdateCommitmentPayload::refused(problems.into_vec()));
    };
    let patch = Patch { words, peering };
    let expected = input.expected_version;
    let problem = match service::update(ctx.app(), me, id, &patch, expected).await? {
        Updated::Succeeded => None,
        Updated::NotFound => Some(no_commitment()),
        Updated::NoPartner => Some(no_peering()),
        Updated::Over => Some(over()),
        Updated::Stale => {
            let message = "It was changed since you read it. The current version is returned.";
            Some(Problem::field(
                "expectedVersion",
                ProblemCode::Stale,
                message,
            ))
        }
    };
    Ok(UpdateCommitmentPayload {
        commitment: load(ctx, id).await?.filter(Commitment::is_own),
        ..UpdateCommitmentPayload::refused(problem.into_iter().collect())
    })
}

async fn end(ctx: &Context<'_>, input: &EndCommitmentInput) -> GqlResult<EndCommitmentPayload> {
    let me = ctx.member()?.member;
    let mut commitment = None;
    let problem = match CommitmentId::from_global(&input.commitment_id) {
        None => Some(no_commitment()),
        Some(id) => match service::end(ctx.app(), me, id).await? {
            Ended::Succeeded => {
                commitment = load(ctx, id).await?;
                None
            }
            Ended::NotFound => Some(no_commitment()),
        },
    };
    Ok(EndCommitmentPayload {
        commitment,
        ..EndCommitmentPayload::refused(problem.into_iter().collect())
    })
}

/// The member has no such commitment, even if their partner does.
pub(super) fn no_commitment() -> Problem {
    let message = "You have no such commitment.";
    Problem::field("commitmentId", ProblemCode::NotFound, message)
}

/// The member ended the commitment.
pub(super) fn over() -> Problem {
    let message = "You ended it. You can make another.";
    Problem::field("commitmentId", ProblemCode::TooLate, message)
}

fn no_peering() -> Problem {
    let message = "There is no such partner for you.";
    Problem::field("peeringId", ProblemCode::NotFound, message)
}
