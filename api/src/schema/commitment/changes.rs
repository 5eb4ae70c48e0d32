//! Making a commitment, changing it and ending it.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, OneofObject, SimpleObject};
use entity::{CommitmentId, PeeringId};

use super::Commitment;
use super::load;
use crate::commitment::model::{MOST_OPEN, WORDS, When};
use crate::commitment::service::{self, Ended, Made, New, Patch, Updated};
use crate::days::cadence::Cadence;
use crate::graphql::errors::{CommitmentError, user_errors};
use crate::graphql::patch::needed;
use crate::graphql::scalars::{Date, DateTime, Uuid};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::patch::Change;
use crate::problem::{Problem, ProblemCode, Problems};
use crate::schema::profile::Weekday;
use crate::text::required;

/// Something you mean to do.
#[derive(Debug, InputObject)]
pub struct MakeCommitmentInput {
    /// Its id, of version 7, made by the app: sent again it is the same commitment.
    id: Uuid,
    /// What you mean to do, 1 to 200 characters in one line. It is encrypted where it is kept.
    words: String,
    /// When: once, or every week.
    due: CommitmentDueInput,
    /// The id of the `Peering` with the partner who is to see it; left out or null, nobody does.
    peering_id: Option<ID>,
    /// When it was made, by the phone's clock: what waited for a connection is due from that day on, at most 14 days
    /// back.
    made_at: Option<DateTime>,
}

/// When something is to be done: give one of the two.
#[derive(Debug, OneofObject)]
pub enum CommitmentDueInput {
    /// Once, on this day of your own calendar: at most 366 days off, and at most 14 days back, for what waited on the
    /// phone for a connection.
    On(Date),
    /// Every week, on these weekdays: at least one. It is due from the day of `madeAt` on, or else from today on.
    Weekdays(Vec<Weekday>),
}

/// What became of something you mean to do.
#[derive(Debug, SimpleObject)]
pub struct MakeCommitmentPayload {
    /// The commitment. With CONFLICT it is yours that is there already, if it is yours.
    commitment: Option<Commitment>,
    /// Why it was not made.
    errors: Vec<CommitmentError>,
}

/// What is to be changed of a commitment; what is left out stays as it is.
#[derive(Debug, InputObject)]
pub struct UpdateCommitmentInput {
    /// The id of the `Commitment`.
    commitment_id: ID,
    /// What you mean to do, 1 to 200 characters in one line.
    words: MaybeUndefined<String>,
    /// The id of the `Peering` with the partner who is to see it, in place of whoever sees it now; null takes it from
    /// him, at once.
    peering_id: MaybeUndefined<ID>,
    /// The `version` you read; left out, whatever it is now.
    expected_version: Option<i32>,
}

/// What became of a change of a commitment.
#[derive(Debug, SimpleObject)]
pub struct UpdateCommitmentPayload {
    /// The commitment as it is now; null when you have none such.
    commitment: Option<Commitment>,
    /// Why nothing was changed.
    errors: Vec<CommitmentError>,
}

/// A commitment to end.
#[derive(Debug, InputObject)]
pub struct EndCommitmentInput {
    /// The id of the `Commitment`.
    commitment_id: ID,
}

/// What became of ending a commitment.
#[derive(Debug, SimpleObject)]
pub struct EndCommitmentPayload {
    /// The commitment as it is now; null when you have none such.
    commitment: Option<Commitment>,
    /// Why nothing was changed.
    errors: Vec<CommitmentError>,
}

/// Changes to commitments.
#[derive(Default)]
pub struct CommitmentMutation;

#[Object]
impl CommitmentMutation {
    /// Says that you mean to do something, once or every week. At most 20 of them can be open at a time.
    async fn make_commitment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, when, and who is to see it.")] input: MakeCommitmentInput,
    ) -> Nullable<MakeCommitmentPayload> {
        Some(make(ctx, input).await)
    }

    /// Changes the words of a commitment, or who sees it, at once.
    async fn update_commitment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be otherwise.")] input: UpdateCommitmentInput,
    ) -> Nullable<UpdateCommitmentPayload> {
        Some(update(ctx, input).await)
    }

    /// Ends a commitment: nothing of it is due any more. What you said of its days is kept. Nobody has to say why.
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
            return Ok(MakeCommitmentPayload {
                commitment: None,
                errors: user_errors(problems),
            });
        }
    };
    let problem = match service::make(ctx.app(), me, &new).await? {
        Made::AsAsked => None,
        Made::NoPartner => Some(no_peering()),
        Made::OtherDay => {
            let message = "The day must be at most 14 days back and at most 366 days ahead.";
            Some(Problem::field("due.on", ProblemCode::OutOfRange, message))
        }
        Made::TooMany => {
            let message = format!("There are {MOST_OPEN} that are open. End one to make another.");
            Some(Problem::whole(ProblemCode::TooMany, message).limit(MOST_OPEN))
        }
        Made::Conflict => {
            let message = "A commitment with this id was sent before, with another content.";
            Some(Problem::field("id", ProblemCode::Conflict, message))
        }
    };
    // One that is another man's is not there for him.
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
        errors: user_errors(problem.into_iter().collect()),
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
        return Ok(UpdateCommitmentPayload {
            commitment: None,
            errors: user_errors(problems.into_vec()),
        });
    };
    let patch = Patch { words, peering };
    let expected = input.expected_version;
    let problem = match service::update(ctx.app(), me, id, &patch, expected).await? {
        Updated::AsAsked => None,
        Updated::NotFound => Some(no_commitment()),
        Updated::NoPartner => Some(no_peering()),
        Updated::Over => Some(over()),
        Updated::Stale => {
            let message = "It was changed since you read it; it is given as it is now.";
            Some(Problem::field(
                "expectedVersion",
                ProblemCode::Stale,
                message,
            ))
        }
    };
    Ok(UpdateCommitmentPayload {
        commitment: load(ctx, id).await?.filter(Commitment::is_own),
        errors: user_errors(problem.into_iter().collect()),
    })
}

async fn end(ctx: &Context<'_>, input: &EndCommitmentInput) -> GqlResult<EndCommitmentPayload> {
    let me = ctx.member()?.member;
    let mut commitment = None;
    let problem = match CommitmentId::from_global(&input.commitment_id) {
        None => Some(no_commitment()),
        Some(id) => match service::end(ctx.app(), me, id).await? {
            Ended::AsAsked => {
                commitment = load(ctx, id).await?;
                None
            }
            Ended::NotFound => Some(no_commitment()),
        },
    };
    Ok(EndCommitmentPayload {
        commitment,
        errors: user_errors(problem.into_iter().collect()),
    })
}

/// That he has no such commitment: also when his partner has.
pub(super) fn no_commitment() -> Problem {
    let message = "You have no such commitment.";
    Problem::field("commitmentId", ProblemCode::NotFound, message)
}

/// That he ended it.
pub(super) fn over() -> Problem {
    let message = "You ended it. You can make another.";
    Problem::field("commitmentId", ProblemCode::TooLate, message)
}

fn no_peering() -> Problem {
    let message = "There is no such partner for you.";
    Problem::field("peeringId", ProblemCode::NotFound, message)
}
