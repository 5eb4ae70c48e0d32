//! What is done with meetings.

mod change;
mod rsvp;
mod rules_changed;
mod schedule;

pub use change::{CancelOutcome, Patch, UpdateOutcome, cancel, update};
pub use rsvp::{
    RsvpOutcome, give_back_seats_in, give_back_upcoming_seats, let_go, release_hosted, rsvp,
};
pub use rules_changed::rules_changed;
pub use schedule::{NewMeeting, ScheduleOutcome, schedule};

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::rsvp::Answer;
use entity::{CircleId, MeetingId, MemberId, OccurrenceId};
use sea_orm::ConnectionTrait;

use super::store;
pub use super::store::{LIST, Seen, Which};
use crate::app::App;
use crate::db::Tx;
use crate::error::Fault;
use crate::page::Page;
use crate::sync;

/// Those of these occurrences that are there for the viewer, in one statement and in no order.
pub async fn by_occurrences(
    app: &App,
    viewer: MemberId,
    ids: &[OccurrenceId],
) -> Result<Vec<Seen>, Fault> {
    Ok(store::by_occurrences(app.db.pool(), viewer, ids).await?)
}

/// Those of these meetings that are there for the viewer, each with its first occurrence, in one statement and in
/// no order.
pub async fn by_meetings(
    app: &App,
    viewer: MemberId,
    ids: &[MeetingId],
) -> Result<Vec<Seen>, Fault> {
    Ok(store::by_meetings(app.db.pool(), viewer, ids).await?)
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

/// When each of these occurrences starts, in one statement: for who is told of them, and not to be shown.
pub async fn starts_of(
    db: &impl ConnectionTrait,
    ids: &[OccurrenceId],
) -> Result<HashMap<OccurrenceId, DateTime<Utc>>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::starts_of(db, ids).await?.into_iter().collect())
}

/// Tells a member's phones that he sees the meetings he answered otherwise, of a circle or all: there again, or with
/// other rights.
pub async fn seen_otherwise(
    tx: &Tx,
    member: MemberId,
    circle: Option<CircleId>,
) -> Result<(), Fault> {
    tell(tx, member, circle, false).await
}

/// Tells a member's phones that the meetings he answered, of a circle or all, are no longer visible to him.
pub async fn out_of_sight(
    tx: &Tx,
    member: MemberId,
    circle: Option<CircleId>,
) -> Result<(), Fault> {
    tell(tx, member, circle, true).await
}

async fn tell(
    tx: &Tx,
    member: MemberId,
    circle: Option<CircleId>,
    gone: bool,
) -> Result<(), Fault> {
    sync::service::hold(tx, member).await?;
    for (occurrence, meeting) in store::followed(tx, member, circle).await? {
        if gone {
            tx.gone(member, occurrence);
            tx.gone(member, meeting);
        } else {
            tx.put(member, occurrence);
            tx.put(member, meeting);
        }
    }
    Ok(())
}

/// Under which key a member is reminded of an occurrence.
fn reminder_key(id: OccurrenceId) -> String {
    format!("meeting_reminder:{id}")
}
