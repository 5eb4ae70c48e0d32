//! What is done with meetings.

mod change;
mod rsvp;
mod schedule;

pub use change::{CancelOutcome, Patch, UpdateOutcome, cancel, update};
pub use rsvp::{RsvpOutcome, give_back_seats, rsvp};
pub use schedule::{NewMeeting, ScheduleOutcome, schedule};

use std::collections::HashSet;

use entity::rsvp::Answer;
use entity::{MeetingId, MemberId, OccurrenceId};
use sea_orm::ConnectionTrait;

use super::store;
pub use super::store::{LIST, Seen, Which};
use crate::app::App;
use crate::error::Fault;
use crate::graphql::cursor::Page;

/// An occurrence, when it is there for the viewer.
pub async fn occurrence(
    app: &App,
    viewer: MemberId,
    id: OccurrenceId,
) -> Result<Option<Seen>, Fault> {
    Ok(store::by_occurrence(app.db.pool(), viewer, id).await?)
}

/// A meeting with its first occurrence, when it is there for the viewer.
pub async fn meeting(app: &App, viewer: MemberId, id: MeetingId) -> Result<Option<Seen>, Fault> {
    Ok(store::by_meeting(app.db.pool(), viewer, id).await?)
}

/// A page of occurrences that are there for the viewer, the soonest first, and one more.
pub async fn occurrences(
    app: &App,
    viewer: MemberId,
    which: Which,
    page: &Page<LIST>,
) -> Result<Vec<Seen>, Fault> {
    Ok(store::page(app.db.pool(), viewer, which, app.clock.now(), page).await?)
}

/// How many occurrences there are for the viewer.
pub async fn count(app: &App, viewer: MemberId, which: Which) -> Result<u64, Fault> {
    Ok(store::count(app.db.pool(), viewer, which, app.clock.now()).await?)
}

/// Whether an occurrence takes place, is there for the member, and he has a seat: asked before he is
/// reminded.
pub async fn still_going(
    db: &impl ConnectionTrait,
    member: MemberId,
    id: OccurrenceId,
) -> Result<bool, Fault> {
    let seen = store::by_occurrence(db, member, id).await?;
    Ok(seen.is_some_and(|seen| {
        seen.occurrence.status == entity::meeting_occurrence::OccurrenceStatus::Scheduled
            && seen.answer == Some(Answer::Going)
    }))
}

/// Which of these seats are still held in an occurrence that takes place, in one statement: asked before many
/// are reminded.
pub async fn who_is_still_going(
    db: &impl ConnectionTrait,
    seats: &[(MemberId, OccurrenceId)],
) -> Result<HashSet<(MemberId, OccurrenceId)>, Fault> {
    if seats.is_empty() {
        return Ok(HashSet::new());
    }
    let (members, occurrences) = seats.iter().copied().unzip();
    let held = store::seats(db, members, occurrences).await?;
    Ok(held.into_iter().collect())
}

/// Under which key a member is reminded of an occurrence.
fn reminder_key(id: OccurrenceId) -> String {
    format!("meeting_reminder:{id}")
}
