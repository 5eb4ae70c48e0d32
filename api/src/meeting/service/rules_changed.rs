//! Moving meetings after the time zone rules changed: a meeting takes place when the wall clock shows its time.

use chrono::{DateTime, TimeDelta, Utc};
use entity::meeting_occurrence::{self as occurrence, OccurrenceStatus};
use entity::notification::Kind;
use entity::rsvp::Answer;
use entity::{MemberId, OccurrenceId};
use uuid::Uuid;

use super::{change, reminder_key, store};
use crate::app::App;
use crate::entropy::first_id_at;
use crate::error::Fault;
use crate::meeting::model::{FARTHEST, REMIND_BEFORE, instant};
use crate::outbox::{self, Announcement};
use crate::profile;
use crate::tx::Tx;
use crate::zones::Zone;

/// How far a change of rules can move a clock. A meeting that began longer ago has begun by any rules.
const FURTHEST: TimeDelta = TimeDelta::days(1);

/// Recomputes the start of up to `limit` meetings behind `after` that have not begun, and moves at most one of them:
/// moving several in one transaction would break the order in which circles, seats and feeds are locked. Returns the
/// last one that was checked, or `None` if there are no more.
pub async fn rules_changed(
    app: &App,
    tx: &Tx,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Option<Uuid>, Fault> {
    let now = app.clock.now();
    let since = now - FURTHEST;
    // Ids sort by creation time: everything before this id was over long ago.
    let after = after.unwrap_or_else(|| first_id_at(since - FARTHEST));
    let rows = store::times_behind(tx, OccurrenceId(after), since, limit).await?;
    for (row, zone) in &rows {
        // A zone that the present rules do not know leaves its meetings where they are.
        let Ok(zone) = zone.parse::<Zone>() else {
            continue;
        };
        let starts_at = instant(row.local_date, row.local_time, zone);
        if starts_at != row.starts_at && starts_at.max(row.starts_at) > now {
            move_to(app, tx, (row, zone), starts_at).await?;
            return Ok(Some(row.id.0));
        }
    }
    Ok(rows.last().map(|(row, _)| row.id.0))
}

/// Moves an occurrence, and updates its reminders and the feeds of the members who answered it.
async fn move_to(
    app: &App,
    tx: &Tx,
    (row, zone): (&occurrence::Model, Zone),
    starts_at: DateTime<Utc>,
) -> Result<(), Fault> {
    store::lock_circle_of_occurrence(tx, row.id).await?;
    let ends_at = starts_at + (row.ends_at - row.starts_at);
    let Some(moved) = store::move_to(tx, row, (starts_at, ends_at)).await? else {
        return Ok(());
    };
    let mut going = Vec::new();
    for (member, answer) in store::answers(tx, moved.id).await? {
        tx.put(member, moved.id);
        if answer == Answer::Going {
            going.push(member);
        }
    }
    if moved.status == OccurrenceStatus::Scheduled {
        remind_anew(app, tx, &moved, &going).await?;
        tell_elsewhere(app, tx, (&moved, zone), &going).await?;
    }
    metrics::counter!("belay_zone_data_moved_total", "kind" => "meeting").increment(1);
    Ok(())
}

/// Notifies the members who are going and live in another zone: on their clocks the meeting has another time now.
async fn tell_elsewhere(
    app: &App,
    tx: &Tx,
    (moved, zone): (&occurrence::Model, Zone),
    going: &[MemberId],
) -> Result<(), Fault> {
    let contexts = profile::service::contexts(tx, going).await?;
    let elsewhere = |member: &&MemberId| {
        let context = contexts.get(*member);
        context.is_some_and(|context| !context.hidden && context.terms.zone != zone)
    };
    let affected = going.iter().filter(elsewhere);
    let affected: Vec<_> = affected.map(|member| (*member, moved.clone())).collect();
    let change = format!("clocks {}", moved.version);
    change::tell_changed(app, tx, None, &affected, &change).await
}

/// Withdraws the reminders and plans them again. A reminder that was delivered already is not repeated.
async fn remind_anew(
    app: &App,
    tx: &Tx,
    moved: &occurrence::Model,
    going: &[MemberId],
) -> Result<(), Fault> {
    let now = app.clock.now();
    outbox::withdraw_from_all(tx, going, &reminder_key(moved.id)).await?;
    let announcement = |member| Announcement {
        member,
        kind: Kind::MeetingReminder,
        dedup_key: reminder_key(moved.id),
        subject: Some(moved.id.0),
        not_before: now.max(moved.starts_at - REMIND_BEFORE),
        expires_at: moved.starts_at,
        caused_by: None,
    };
    let announcements: Vec<_> = going.iter().copied().map(announcement).collect();
    outbox::announce_all(app, tx, &announcements).await
}
