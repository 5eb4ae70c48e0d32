//! Changing a meeting and calling it off.

use async_graphql::{ID, InputObject, MaybeUndefined, Object, SimpleObject};
use entity::{MeetingId, MemberId, OccurrenceId};

use super::Meeting;
use super::MeetingOccurrence;
use super::not_there;
use super::read_id;
use crate::app::App;
use crate::graphql::errors::{MeetingError, user_errors};
use crate::graphql::scalars::Url;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::meeting::model::{self, DESCRIPTION, PLACE, TITLE};
use crate::meeting::service::{self, CancelOutcome, Patch, Seen, UpdateOutcome};
use crate::problem::{Problem, ProblemCode, Problems};
use crate::text::required;

/// What to change of a meeting. What is left out stays as it is.
#[derive(Debug, InputObject)]
pub struct UpdateMeetingInput {
    /// The id of the `Meeting`.
    meeting_id: ID,
    /// The `version` of the meeting that was read.
    expected_version: i32,
    /// What it is called: one line of 1 to 120 characters.
    title: MaybeUndefined<String>,
    /// What it is about: up to 4,000 characters; null makes it blank.
    description: MaybeUndefined<String>,
    /// The place, in words: one line of up to 300 characters; null takes it away.
    place: MaybeUndefined<String>,
    /// The link to join by, https, up to 2,000 characters; null takes it away.
    join_url: MaybeUndefined<Url>,
    /// How many seats there are, 1 to 10,000 and no fewer than are taken; null makes room for all.
    capacity: MaybeUndefined<i32>,
}

/// What became of a change.
#[derive(Debug, SimpleObject)]
pub struct UpdateMeetingPayload {
    /// The meeting as it is now; null when the input had to be refused.
    meeting: Option<Meeting>,
    /// Why it was not changed; empty when it was.
    errors: Vec<MeetingError>,
}

impl UpdateMeetingPayload {
    fn of(seen: Option<Seen>, problems: Vec<Problem>) -> Self {
        Self {
            meeting: seen.map(Meeting::from),
            errors: user_errors(problems),
        }
    }
}

/// An occurrence to call off.
#[derive(Debug, InputObject)]
pub struct CancelMeetingInput {
    /// The id of the `MeetingOccurrence`.
    occurrence_id: ID,
}

/// What became of calling it off.
#[derive(Debug, SimpleObject)]
pub struct CancelMeetingPayload {
    /// The occurrence as it is now; null when the input had to be refused.
    occurrence: Option<MeetingOccurrence>,
    /// Why it was not called off; empty when it was.
    errors: Vec<MeetingError>,
}

impl CancelMeetingPayload {
    fn of(seen: Option<Seen>, problem: Option<Problem>) -> Self {
        Self {
            occurrence: seen.map(MeetingOccurrence::from),
            errors: user_errors(problem.into_iter().collect()),
        }
    }
}

/// Changing a meeting and calling it off.
#[derive(Default)]
pub struct ChangeMeetingMutation;

#[Object]
impl ChangeMeetingMutation {
    /// Changes a meeting. Its host and facilitators may, and who runs the circle it is for.
    async fn update_meeting(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "The meeting, and what to change.")] input: UpdateMeetingInput,
    ) -> Nullable<UpdateMeetingPayload> {
        let member = ctx.member().map(|signed_in| signed_in.member);
        Some(match member {
            Ok(member) => update(ctx.app(), member, input).await,
            Err(error) => Err(error),
        })
    }

    /// Calls one time of a meeting off, until its end. Those who are going are told. Its host and facilitators
    /// may, and who runs the circle it is for.
    async fn cancel_meeting(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "The occurrence.")] input: CancelMeetingInput,
    ) -> Nullable<CancelMeetingPayload> {
        let member = ctx.member().map(|signed_in| signed_in.member);
        Some(match member {
            Ok(member) => cancel(ctx.app(), member, &input).await,
            Err(error) => Err(error),
        })
    }
}

fn not_allowed() -> Problem {
    let message = "Its host and facilitators do this.";
    Problem::whole(ProblemCode::NotAllowed, message)
}

async fn update(
    app: &App,
    member: MemberId,
    input: UpdateMeetingInput,
) -> GqlResult<UpdateMeetingPayload> {
    let expected = input.expected_version;
    let mut problems = Problems::default();
    let id = problems.check(read_id::<MeetingId>("meetingId", &input.meeting_id));
    let patch = checked(input, &mut problems);
    let (Some(id), true) = (id, problems.is_empty()) else {
        return Ok(UpdateMeetingPayload::of(None, problems.into_vec()));
    };
    let outcome = service::update(app, member, id, expected, &patch).await?;
    let (seen, problem) = match outcome {
        UpdateOutcome::Updated(seen) => (Some(seen), None),
        UpdateOutcome::NotFound => (None, Some(not_there("meetingId"))),
        UpdateOutcome::NotAllowed => (None, Some(not_allowed())),
        UpdateOutcome::Stale(seen) => {
            let message = "Somebody changed it since; it is given as it is now.";
            let problem = Problem::field("expectedVersion", ProblemCode::Stale, message);
            (Some(seen), Some(problem))
        }
        UpdateOutcome::TooFewSeats(seen) => {
            let message = "More men than that are going.";
            let problem = Problem::field("capacity", ProblemCode::OutOfRange, message);
            (Some(seen), Some(problem))
        }
    };
    Ok(UpdateMeetingPayload::of(
        seen,
        problem.into_iter().collect(),
    ))
}

fn checked(input: UpdateMeetingInput, problems: &mut Problems) -> Patch {
    let title = match input.title {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => problems.check(Err(required("title"))),
        MaybeUndefined::Value(title) => problems.check(TITLE.require("title", &title)),
    };
    let description = match input.description {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(String::new()),
        MaybeUndefined::Value(text) => problems
            .check(DESCRIPTION.read("description", &text))
            .map(Option::unwrap_or_default),
    };
    let place = match input.place {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(place) => Some(problems.check(PLACE.require("place", &place))),
    };
    let join_url = match input.join_url {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(url) => Some(problems.check(model::link("joinUrl", &url.0))),
    };
    let capacity = match input.capacity {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(seats) => Some(problems.check(model::seats("capacity", seats))),
    };
    Patch {
        title,
        description,
        place,
        join_url,
        capacity,
    }
}

async fn cancel(
    app: &App,
    member: MemberId,
    input: &CancelMeetingInput,
) -> GqlResult<CancelMeetingPayload> {
    let id = match read_id::<OccurrenceId>("occurrenceId", &input.occurrence_id) {
        Ok(id) => id,
        Err(problem) => return Ok(CancelMeetingPayload::of(None, Some(problem))),
    };
    let outcome = service::cancel(app, member, id).await?;
    let (seen, problem) = match outcome {
        CancelOutcome::Cancelled(seen) => (Some(seen), None),
        CancelOutcome::NotFound => (None, Some(not_there("occurrenceId"))),
        CancelOutcome::NotAllowed => (None, Some(not_allowed())),
        CancelOutcome::TooLate(seen) => {
            let message = "It is over.";
            let problem = Problem::field("occurrenceId", ProblemCode::TooLate, message);
            (Some(seen), Some(problem))
        }
    };
    Ok(CancelMeetingPayload::of(seen, problem))
}
