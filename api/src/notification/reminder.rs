//! The daily reminder to check in, at the time that a member chose on their wall clock.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use entity::MemberId;
use entity::check_in_reminder::{Entity, Model};
use entity::notification::Kind;
use sea_orm::ConnectionTrait;

use super::relevance::{door_key, reminder_key};
use super::reminder_backoff::{Patience, ReminderAction};
use super::reminder_store as reminders;
use crate::app::App;
use crate::days::local_time::{last_until, next_after};
use crate::db::due;
use crate::error::Fault;
use crate::outbox::{self, Announcement};
use crate::transact;
use crate::tx::{Done, Tx};
use crate::zones::Zone;
use crate::{checkin, profile};

/// A member's reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// The time of day on the member's wall clock.
    pub local_time: NaiveTime,
    /// Whether it is on.
    pub enabled: bool,
    /// When it comes next; `None` if it is off, or silent until the member is back.
    pub next_due_at: Option<DateTime<Utc>>,
}

/// Returns a member's reminder, or `None` if they never set one.
pub async fn of_member(
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Option<Reminder>, Fault> {
    let row = reminders::of(db, member).await?;
    Ok(row.map(|row| Reminder {
        local_time: row.local_time,
        enabled: row.enabled,
        next_due_at: row.next_due_at,
    }))
}

/// Sets a member's reminder, or switches it off. The time is kept for when it is switched on again.
pub async fn set(
    app: &App,
    member: MemberId,
    local_time: NaiveTime,
    enabled: bool,
) -> Result<Reminder, Fault> {
    transact!(app, |tx| {
        let zone = profile::service::lock_day_terms(tx, member).await?.zone;
        let next_due_at = enabled.then(|| next_after(zone, local_time, app.clock.now()));
        reminders::set(tx, member, local_time, next_due_at).await?;
        Ok(Done::Keep(Reminder {
            local_time,
            enabled,
            next_due_at,
        }))
    })
}

/// Moves a member's daily reminder to their new time zone.
pub async fn time_zone_changed(
    app: &App,
    tx: &Tx,
    member: MemberId,
    zone: Zone,
) -> Result<(), Fault> {
    let Some(row) = reminders::load_locked(tx, member).await? else {
        return Ok(());
    };
    // A reminder that is silent until the member is back stays silent.
    if row.next_due_at.is_some() {
        let next_due_at = Some(next_after(zone, row.local_time, app.clock.now()));
        due::put_all::<Entity>(tx, vec![Model { next_due_at, ..row }]).await?;
    }
    Ok(())
}

/// Returns when the next reminder is due.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    due::next_due::<Entity>(app.db.pool()).await
}

/// Processes one batch of due reminders: schedules the next one of each, and announces and plans this one unless the
/// member has already checked in. Everything happens in one transaction, so any number of workers process each once,
/// and a crash processes none or all. Returns the number taken.
pub async fn run_due(app: &App) -> Result<usize, Fault> {
    let limit = app.config.worker.reminder_batch;
    let taken = transact!(app, |tx| {
        let due = due::take_due::<Entity>(tx, app.clock.now(), limit).await?;
        if !due.is_empty() {
            process_due(app, tx, &due).await?;
        }
        Ok(Done::Keep(due.len()))
    })?;
    metrics::counter!("belay_reminders_taken_total").increment(taken as u64);
    Ok(taken)
}

async fn process_due(app: &App, tx: &Tx, due: &[Model]) -> Result<(), Fault> {
    let now = app.clock.now();
    let members: Vec<_> = due.iter().map(|row| row.member_id).collect();
    let contexts = profile::service::contexts(tx, &members).await?;
    let last = checkin::service::last_check_ins(tx, &members).await?;
    let mut turns = Vec::new();
    let mut days: HashMap<NaiveDate, Vec<MemberId>> = HashMap::new();
    for row in due {
        let who = contexts
            .get(&row.member_id)
            .ok_or(Fault::Broken("each reminder belongs to a member"))?;
        // After an outage of days only the last time counts: the member gets one reminder for today, and none for
        // earlier days.
        let last_time = last_until(who.terms.zone, row.local_time, now);
        let at = row.next_due_at.map_or(last_time, |due| due.max(last_time));
        let day = who.terms.day(at);
        days.entry(day).or_default().push(row.member_id);
        turns.push((row, who, at, day));
    }
    let mut not_asked = HashSet::new();
    for (day, members) in days {
        let not = checkin::service::who_is_not_asked_on(tx, &members, day).await?;
        not_asked.extend(not.into_iter().map(|member| (member, day)));
    }
    let (mut next, mut announcements) = (Vec::new(), Vec::new());
    for (row, who, at, day) in turns {
        let (_, expires_at) = who.terms.bounds(day);
        // After an outage a reminder still comes on its own day, but never on a later one.
        let is_asked =
            !who.hidden && now < expires_at && !not_asked.contains(&(row.member_id, day));
        let last = last.get(&row.member_id).copied();
        let (action, patience) = Patience::of(row).on(day, last, is_asked);
        let kind = match action {
            ReminderAction::Pass => None,
            ReminderAction::Remind => Some((Kind::CheckInReminder, reminder_key(day))),
            ReminderAction::OpenDoor => Some((Kind::DoorOpen, door_key(day))),
        };
        announcements.extend(kind.map(|(kind, dedup_key)| Announcement {
            member: row.member_id,
            kind,
            dedup_key,
            subject: None,
            not_before: at,
            expires_at,
            caused_by: None,
        }));
        let later = next_after(who.terms.zone, row.local_time, now);
        next.push(Model {
            next_due_at: (action != ReminderAction::OpenDoor).then_some(later),
            ignored: patience.ignored,
            ignored_since: patience.since,
            ..row.clone()
        });
    }
    due::put_all::<Entity>(tx, next).await?;
    outbox::announce_and_plan(app, tx, &announcements).await
}

/// Resumes the reminders of a member who is back after a while, unless they are switched off.
pub async fn resume_reminders(
    app: &App,
    tx: &Tx,
    member: MemberId,
    zone: Zone,
) -> Result<(), Fault> {
    if let Some(row) = reminders::load_locked(tx, member).await?
        && row.enabled
        && row.next_due_at.is_none()
    {
        let next_due_at = Some(next_after(zone, row.local_time, app.clock.now()));
        let patience = Patience::default();
        let again = Model {
            next_due_at,
            ignored: patience.ignored,
            ignored_since: patience.since,
            ..row
        };
        due::put_all::<Entity>(tx, vec![again]).await?;
        // The member has come through the open door.
        outbox::read_all_of(tx, member, Kind::DoorOpen).await?;
    }
    Ok(())
}

/// Withdraws a day's reminder that was not sent, because the member has checked in, or nothing is asked of them that
/// day after all.
pub async fn withdraw_reminder(tx: &Tx, member: MemberId, day: NaiveDate) -> Result<(), Fault> {
    outbox::withdraw(tx, member, &reminder_key(day)).await
}
