//! The mutation that schedules a meeting.

use async_graphql::{ID, InputObject, Object};
use entity::{CircleId, MemberId};
use macros::payload;

use super::MeetingFormat;
use super::MeetingOccurrence;
use super::not_there;
use super::read_id;
use crate::app::App;
use crate::graphql::errors::MeetingError;
use crate::graphql::scalars::{Date, LocalTime, TimeZone, Url, Uuid};
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::meeting::model::{self, DESCRIPTION, PLACE, TITLE};
use crate::meeting::service::{self, NewMeeting, OccurrenceView, ScheduleOutcome};
use crate::problem::{Problem, ProblemCode, Problems};

/// A meeting to schedule. It takes place once.
#[derive(Debug, InputObject)]
pub struct ScheduleMeetingInput {
    /// The meeting's id: a UUID of version 7 that the app generates. Sending the same id again does not schedule a
    /// second meeting.
    id: Uuid,
    /// The id of the `Circle` it belongs to. Left out or null: it is open to every member.
    circle_id: Option<ID>,
    /// The title: one line of 1 to 120 characters.
    title: String,
    /// The description: up to 4,000 characters.
    #[graphql(default)]
    description: String,
    /// Whether it takes place online, at a place, or both.
    format: MeetingFormat,
    /// The place, in words: one line of up to 300 characters. Only members who are going, or can change the meeting,
    /// see it.
    place: Option<String>,
    /// The link to join by: HTTPS, up to 2,000 characters. Only members who are going, or can change the meeting, see
    /// it.
    join_url: Option<Url>,
    /// The time zone of `localDate` and `localTime`.
    time_zone: TimeZone,
    /// The day it starts, within the next two years.
    local_date: Date,
    /// The wall-clock time it starts. Of a time that the clock shows twice, the first counts. A time that the clock
    /// skips is moved on by the length of the gap (RFC 5545).
    local_time: LocalTime,
    /// Its length in minutes: 5 to 1,440.
    duration_minutes: i32,
    /// How many seats there are: 1 to 10,000. Left out or null: there is no limit.
    capacity: Option<i32>,
}

/// The outcome of `scheduleMeeting`.
#[payload(
    CONFLICT,
    INVALID,
    NOT_ALLOWED,
    NOT_FOUND,
    OUT_OF_RANGE,
    REQUIRED,
    TOO_LONG
)]
pub struct ScheduleMeetingPayload {
    /// The occurrence, and through it the meeting. With `CONFLICT`, your earlier meeting with the same id, or null if
    /// it is not yours. Null with other errors.
    occurrence: Option<MeetingOccurrence>,
    /// Why nothing was scheduled; empty if the request succeeded.
    errors: Vec<MeetingError>,
}

impl ScheduleMeetingPayload {
    fn of(view: Option<OccurrenceView>, problems: Vec<Problem>) -> Self {
        Self {
            occurrence: view.map(MeetingOccurrence::from),
            ..Self::refused(problems)
        }
    }
}

/// The mutation that schedules a meeting.
#[derive(Default)]
pub struct ScheduleMeetingMutation;

#[Object]
impl ScheduleMeetingMutation {
    /// Schedules a meeting that takes place once. Facilitators can, for every member or for a circle they are in. The
    /// facilitators of a circle can, for their circle.
    async fn schedule_meeting(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "The meeting.")] input: ScheduleMeetingInput,
    ) -> Nullable<ScheduleMeetingPayload> {
        let member = ctx.member().map(|signed_in| signed_in.member);
        Some(match member {
            Ok(member) => schedule(ctx.app(), member, input).await,
            Err(error) => Err(error),
        })
    }
}

async fn schedule(
    app: &App,
    member: MemberId,
    input: ScheduleMeetingInput,
) -> GqlResult<ScheduleMeetingPayload> {
    let new = match checked(input) {
        Ok(new) => new,
        Err(problems) => return Ok(ScheduleMeetingPayload::of(None, problems)),
    };
    let outcome = service::schedule(app, member, &new).await?;
    let (view, problem) = match outcome {
        ScheduleOutcome::Scheduled(view) | ScheduleOutcome::Unchanged(view) => (Some(view), None),
        ScheduleOutcome::NotAllowed => {
            let message = "Only facilitators can schedule meetings.";
            let problem = Problem::whole(ProblemCode::NotAllowed, message);
            (None, Some(problem))
        }
        ScheduleOutcome::NoSuchCircle => (None, Some(not_there("circleId"))),
        ScheduleOutcome::Past => {
            let message = "A meeting must start in the future.";
            let problem = Problem::field("localDate", ProblemCode::OutOfRange, message);
            (None, Some(problem))
        }
        ScheduleOutcome::TooFarAhead => {
            let message = "A meeting must start within the next two years.";
            let problem = Problem::field("localDate", ProblemCode::OutOfRange, message);
            (None, Some(problem))
        }
        ScheduleOutcome::IdTaken(view) => {
            let message = "A meeting with this id exists already, with different content.";
            let problem = Problem::field("id", ProblemCode::Conflict, message);
            (view, Some(problem))
        }
    };
    Ok(ScheduleMeetingPayload::of(
        view,
        problem.into_iter().collect(),
    ))
}

fn checked(input: ScheduleMeetingInput) -> Result<NewMeeting, Vec<Problem>> {
    let mut problems = Problems::default();
    let circle = input
        .circle_id
        .map(|id| read_id::<CircleId>("circleId", &id));
    let circle = problems.check(circle.transpose());
    let title = problems.check(TITLE.require("title", &input.title));
    let description = problems.check(DESCRIPTION.read("description", &input.description));
    let description = description.map(Option::unwrap_or_default);
    let place = input.place.map(|place| PLACE.require("place", &place));
    let place = problems.check(place.transpose());
    let join_url = input.join_url.map(|url| model::link("joinUrl", &url.0));
    let join_url = problems.check(join_url.transpose());
    let minutes = problems.check(model::minutes("durationMinutes", input.duration_minutes));
    let capacity = input.capacity.map(|seats| model::seats("capacity", seats));
    let capacity = problems.check(capacity.transpose());
    let id = problems.check(input.id.made_by_app("id"));
    let all = (
        id,
        circle,
        title,
        description,
        place,
        join_url,
        minutes,
        capacity,
    );
    let (
        Some(id),
        Some(circle),
        Some(title),
        Some(description),
        Some(place),
        Some(join_url),
        Some(minutes),
        Some(capacity),
    ) = all
    else {
        return Err(problems.into_vec());
    };
    Ok(NewMeeting {
        id,
        circle,
        title,
        description,
        format: input.format.into(),
        place,
        join_url,
        zone: input.time_zone.0,
        date: input.local_date.0,
        time: input.local_time.0,
        minutes,
        capacity,
    })
}
