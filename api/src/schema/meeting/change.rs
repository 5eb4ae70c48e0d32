//! The mutations that change a meeting and call it off.

use async_graphql::{ID, InputObject, MaybeUndefined, Object};
use entity::{MeetingId, MemberId, OccurrenceId};
use macros::payload;

use super::Meeting;
use super::MeetingOccurrence;
use super::not_there;
use super::read_id;
use crate::app::App;
use crate::graphql::errors::MeetingError;
use crate::graphql::scalars::Url;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::meeting::model::{self, DESCRIPTION, PLACE, TITLE};
use crate::meeting::service::{self, CancelOutcome, OccurrenceView, Patch, UpdateOutcome};
use crate::problem::{Problem, ProblemCode, Problems};
use crate::text::required;

/// A change to a meeting. Fields that are left out do not change.
#[derive(Debug, InputObject)]
pub struct UpdateMeetingInput {
    /// The id of the `Meeting`.
    meeting_id: ID,
    /// The `version` of the meeting that you read. If it has changed since, the change is refused with `STALE`.
    expected_version: i32,
    /// The title: one line of 1 to 120 characters.
    title: MaybeUndefined<String>,
    /// The description: up to 4,000 characters. Null makes it blank.
    description: MaybeUndefined<String>,
    /// The place, in words: one line of up to 300 characters. Null removes it.
    place: MaybeUndefined<String>,
    /// The link to join by: HTTPS, up to 2,000 characters. Null removes it.
    join_url: MaybeUndefined<Url>,
    /// How many seats there are: 1 to 10,000, and not fewer than are taken. Null removes the limit.
    capacity: MaybeUndefined<i32>,
}

/// The outcome of `updateMeeting`.
#[payload(
    INVALID,
    NOT_ALLOWED,
    NOT_FOUND,
    OUT_OF_RANGE,
    REQUIRED,
    STALE,
    TOO_LONG
)]
pub struct UpdateMeetingPayload {
    /// The meeting as it is now. Null if it is not visible to you, you may not change it, or the input is invalid.
    meeting: Option<Meeting>,
    /// Why it was not changed; empty when it was.
    errors: Vec<MeetingError>,
}

impl UpdateMeetingPayload {
    fn of(view: Option<OccurrenceView>, problems: Vec<Problem>) -> Self {
        Self {
            meeting: view.map(Meeting::from),
            ..Self::refused(problems)
        }
    }
}

/// An occurrence to call off.
#[derive(Debug, InputObject)]
pub struct CancelMeetingInput {
    /// The id of the `MeetingOccurrence`.
    occurrence_id: ID,
}

/// The outcome of `cancelMeeting`.
#[payload(NOT_ALLOWED, NOT_FOUND, TOO_LATE)]
pub struct CancelMeetingPayload {
    /// The occurrence as it is now. Null if it is not visible to you, you may not call it off, or the input is invalid.
    occurrence: Option<MeetingOccurrence>,
    /// Why it was not called off; empty when it was.
    errors: Vec<MeetingError>,
}

impl CancelMeetingPayload {
    fn of(view: Option<OccurrenceView>, problem: Option<Problem>) -> Self {
        Self {
            occurrence: view.map(MeetingOccurrence::from),
            ..Self::refused(problem.into_iter().collect())
        }
    }
}

/// The mutations that change a meeting and call it off.
#[derive(Default)]
pub struct ChangeMeetingMutation;

#[Object]
impl ChangeMeetingMutation {
    /// Changes a meeting. Its host can, while he is a facilitator, and so can the facilitators of its circle. Every
    /// facilitator can change an open meeting that has no host.
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

    /// Calls an occurrence of a meeting off, until its end. The members who are going are notified. The same members
    /// can do this as can change the meeting.
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
    let message = "Only its host, or a facilitator of its circle, can do this.";
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
    let (view, problem) = match outcome {
        UpdateOutcome::Updated(view) => (Some(view), None),
        UpdateOutcome::NotFound => (None, Some(not_there("meetingId"))),
        UpdateOutcome::NotAllowed => (None, Some(not_allowed())),
        UpdateOutcome::Stale(view) => {
            let message = "It has changed since you read it: here is the current version.";
            let problem = Problem::field("expectedVersion", ProblemCode::Stale, message);
            (Some(view), Some(problem))
        }
        UpdateOutcome::TooFewSeats(view) => {
            let message = "More men than that are going already.";
            let problem = Problem::field("capacity", ProblemCode::OutOfRange, message);
            (Some(view), Some(problem))
        }
    };
    Ok(UpdateMeetingPayload::of(
        view,
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
    let (view, problem) = match outcome {
        CancelOutcome::Cancelled(view) => (Some(view), None),
        CancelOutcome::NotFound => (None, Some(not_there("occurrenceId"))),
        CancelOutcome::NotAllowed => (None, Some(not_allowed())),
        CancelOutcome::TooLate(view) => {
            let message = "This meeting is over.";
            let problem = Problem::field("occurrenceId", ProblemCode::TooLate, message);
            (Some(view), Some(problem))
        }
    };
    Ok(CancelMeetingPayload::of(view, problem))
}
