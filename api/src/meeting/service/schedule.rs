//! Scheduling.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use entity::meeting::MeetingFormat;
use entity::meeting_occurrence::{self as occurrence, OccurrenceStatus};
use entity::{CircleId, MeetingId, MemberId, meeting};

use super::{Seen, store};
use crate::account;
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::meeting::model::{self, Standing};
use crate::zones::Zone;

/// A meeting that takes place once, checked field by field.
#[derive(Clone, Debug)]
pub struct NewMeeting {
    /// Made by the app.
    pub id: MeetingId,
    /// None when it is open to every member.
    pub circle: Option<CircleId>,
    /// One line.
    pub title: String,
    /// May be blank.
    pub description: String,
    /// Online, in person or both.
    pub format: MeetingFormat,
    /// Where, in words.
    pub place: Option<String>,
    /// Where, online.
    pub join_url: Option<String>,
    /// Whose wall clock `date` and `time` are on.
    pub zone: Zone,
    /// The day it starts.
    pub date: NaiveDate,
    /// The time it starts.
    pub time: NaiveTime,
    /// How long, in minutes.
    pub minutes: i32,
    /// How many seats; none when there is room for all.
    pub capacity: Option<i32>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum ScheduleOutcome {
    /// It is on.
    Scheduled(Seen),
    /// It was on already.
    Unchanged(Seen),
    /// Facilitators schedule meetings, and a circle's are scheduled by who runs it.
    NotAllowed,
    /// There is no such circle for him.
    NoSuchCircle,
    /// It would start in the past.
    Past,
    /// It would start too far ahead.
    TooFarAhead,
    /// The id is in use, by his own meeting with another content when there is one.
    IdTaken(Option<Seen>),
}

/// Schedules a meeting and its one occurrence.
pub async fn schedule(
    app: &App,
    host: MemberId,
    new: &NewMeeting,
) -> Result<ScheduleOutcome, Fault> {
    let now = app.clock.now();
    let (meeting, occurrence) = rows(app, host, new, now);
    transact!(app, |tx| {
        if let Some(seen) = store::by_meeting(tx, host, new.id).await? {
            return Ok(Done::Undo(sent_again(seen, &meeting, &occurrence)));
        }
        let standing = Standing {
            role: account::service::role(tx, host).await?,
            of_circle: new.circle.is_some(),
            in_circle: match new.circle {
                Some(circle) => store::circle_role(tx, host, circle).await?,
                None => None,
            },
        };
        if !standing.sees() {
            return Ok(Done::Undo(ScheduleOutcome::NoSuchCircle));
        }
        if !standing.schedules() {
            return Ok(Done::Undo(ScheduleOutcome::NotAllowed));
        }
        if occurrence.starts_at <= now {
            return Ok(Done::Undo(ScheduleOutcome::Past));
        }
        if occurrence.starts_at > now + model::FARTHEST {
            return Ok(Done::Undo(ScheduleOutcome::TooFarAhead));
        }
        if !store::insert(tx, &meeting, &occurrence).await? {
            // Sent twice at once, or somebody else's id.
            let there = store::by_meeting(tx, host, new.id).await?;
            return Ok(Done::Undo(
                there.map_or(ScheduleOutcome::IdTaken(None), |seen| {
                    sent_again(seen, &meeting, &occurrence)
                }),
            ));
        }
        Ok(Done::Keep(ScheduleOutcome::Scheduled(Seen {
            occurrence: occurrence.clone(),
            meeting: meeting.clone(),
            answer: None,
            runs: true,
            account_made_at: None,
        })))
    })
}

fn rows(
    app: &App,
    host: MemberId,
    new: &NewMeeting,
    now: DateTime<Utc>,
) -> (meeting::Model, occurrence::Model) {
    let starts_at = model::instant(new.date, new.time, new.zone);
    let meeting = meeting::Model {
        id: new.id,
        circle_id: new.circle,
        host_id: Some(host),
        title: new.title.clone(),
        description: new.description.clone(),
        format: new.format,
        place: new.place.clone(),
        join_url: new.join_url.clone(),
        time_zone: new.zone.name().to_owned(),
        version: 1,
        created_at: now,
    };
    let occurrence = occurrence::Model {
        id: app.ids.next(),
        meeting_id: new.id,
        local_date: new.date,
        local_time: new.time,
        starts_at,
        ends_at: starts_at + TimeDelta::minutes(i64::from(new.minutes)),
        capacity: new.capacity,
        seats_taken: 0,
        status: OccurrenceStatus::Scheduled,
        version: 1,
    };
    (meeting, occurrence)
}

/// The same meeting sent again is answered as it is now. Once it has been changed or called off, what was
/// first sent cannot be told any more, and its host is believed.
fn sent_again(
    seen: Seen,
    meeting: &meeting::Model,
    occurrence: &occurrence::Model,
) -> ScheduleOutcome {
    if seen.meeting.host_id != meeting.host_id {
        return ScheduleOutcome::IdTaken(None);
    }
    let as_first = seen.meeting.version == 1 && seen.occurrence.version == 1;
    let same_meeting = seen.meeting
        == meeting::Model {
            created_at: seen.meeting.created_at,
            ..meeting.clone()
        };
    let same_occurrence = seen.occurrence
        == occurrence::Model {
            id: seen.occurrence.id,
            seats_taken: seen.occurrence.seats_taken,
            ..occurrence.clone()
        };
    if as_first && !(same_meeting && same_occurrence) {
        return ScheduleOutcome::IdTaken(Some(seen));
    }
    ScheduleOutcome::Unchanged(seen)
}
