//! Meetings as members and other domains use them.

mod change;
mod rsvp;
mod rules_changed;
mod schedule;

pub use change::{CancelOutcome, Patch, UpdateOutcome, cancel, update};
pub use rsvp::{
    RsvpOutcome, give_back_seats_in, give_back_upcoming_seats, prepare_removal, release_hosted,
    rsvp,
};
pub use rules_changed::rules_changed;
pub use schedule::{NewMeeting, ScheduleOutcome, schedule};

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::{CircleId, MeetingId, MemberId, OccurrenceId};
use sea_orm::ConnectionTrait;

use super::store;
pub use super::store::{LIST, OccurrenceFilter, OccurrenceView};
use crate::app::App;
use crate::error::Fault;
use crate::page::Page;
use crate::profile;
use crate::tx::Tx;

/// Fetches the given occurrences that are visible to the viewer, in no particular order. One statement.
pub async fn by_occurrences(
    app: &App,
    viewer: MemberId,
    ids: &[OccurrenceId],
) -> Result<Vec<OccurrenceView>, Fault> {
    Ok(store::by_occurrences(app.db.pool(), viewer, ids).await?)
}

/// Fetches the given meetings that are visible to the viewer, each with its first occurrence, in no particular order.
/// One statement.
pub async fn by_meetings(
    app: &App,
    viewer: MemberId,
    ids: &[MeetingId],
) -> Result<Vec<OccurrenceView>, Fault> {
    Ok(store::by_meetings(app.db.pool(), viewer, ids).await?)
}

/// Fetches up to `limit + 1` occurrences that are visible to the viewer, the soonest first.
pub async fn occurrences(
    app: &App,
    viewer: MemberId,
    filter: OccurrenceFilter,
    page: &Page<LIST>,
) -> Result<Vec<OccurrenceView>, Fault> {
    Ok(store::page(app.db.pool(), viewer, filter, app.clock.now(), page).await?)
}

/// Counts the occurrences of such a list that are visible to the viewer.
pub async fn count(app: &App, viewer: MemberId, filter: OccurrenceFilter) -> Result<u64, Fault> {
    Ok(store::count(app.db.pool(), viewer, filter, app.clock.now()).await?)
}

/// Returns the given seats that are still taken, in occurrences that are still scheduled. Checked before many members
/// are reminded. One statement.
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

/// Returns when each given occurrence starts, without checking who may see it: for notifications, not for display. One
/// statement.
pub async fn starts_of(
    db: &impl ConnectionTrait,
    ids: &[OccurrenceId],
) -> Result<HashMap<OccurrenceId, DateTime<Utc>>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::starts_of(db, ids).await?.into_iter().collect())
}

/// Puts the meetings that a member answered into his feed again, after they became visible to him or his permissions on
/// them changed. Of one circle, or all if `circle` is `None`.
pub async fn resync_for(tx: &Tx, member: MemberId, circle: Option<CircleId>) -> Result<(), Fault> {
    tell(tx, member, circle, false).await
}

/// Takes the meetings that a member answered out of his feed: they are no longer visible to him. Of one circle, or all
/// if `circle` is `None`.
pub async fn drop_for(tx: &Tx, member: MemberId, circle: Option<CircleId>) -> Result<(), Fault> {
    tell(tx, member, circle, true).await
}

async fn tell(
    tx: &Tx,
    member: MemberId,
    circle: Option<CircleId>,
    gone: bool,
) -> Result<(), Fault> {
    // He cannot answer another meeting in the meantime.
    profile::service::lock_members(tx, &[member]).await?;
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

/// The dedup key of the reminder of an occurrence.
fn reminder_key(id: OccurrenceId) -> String {
    format!("meeting_reminder:{id}")
}
