//! The daily reminder to check in, at the time a member chose on his own wall clock.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;
use entity::MemberId;
use entity::check_in_reminder::Model;
use entity::notification::Kind;
use sea_orm::ConnectionTrait;

use super::local_time::next_after;
use super::service::Announcement;
use super::still_wanted::reminder_key;
use super::{plan, reminder_store as reminders, store};
use crate::app::App;
use crate::bus::Event;
use crate::checkin::model::{DAY_START_HOUR, day_bounds, member_day};
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::{checkin, profile};

/// A member's reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// The time of day, on his wall clock.
    pub local_time: NaiveTime,
    /// When it comes next; none when it is switched off.
    pub next_due_at: Option<DateTime<Utc>>,
}

/// A member's reminder, if he ever set one.
pub async fn of_member(
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Option<Reminder>, Fault> {
    let row = reminders::of(db, member).await?;
    Ok(row.map(|row| Reminder {
        local_time: row.local_time,
        next_due_at: row.next_due_at,
    }))
}

/// Sets a member's reminder, or switches it off; the time is kept for when he switches it on again.
pub async fn set(
    app: &App,
    member: MemberId,
    local_time: NaiveTime,
    enabled: bool,
) -> Result<Reminder, Fault> {
    transact!(app.db, |tx| {
        let zone = profile::service::hold_time_zone(tx, member).await?;
        let next_due_at = enabled.then(|| next_after(zone, local_time, app.clock.now()));
        reminders::set(tx, member, local_time, next_due_at).await?;
        Ok(Done::Keep(Reminder {
            local_time,
            next_due_at,
        }))
    })
}

pub(super) async fn time_zone_changed(
    app: &App,
    tx: &Tx,
    member: MemberId,
    zone: Tz,
) -> Result<(), Fault> {
    let Some(row) = reminders::hold(tx, member).await? else {
        return Ok(());
    };
    if row.enabled {
        let next = next_after(zone, row.local_time, app.clock.now());
        reminders::put_next(tx, &HashMap::from([(next, vec![member])])).await?;
    }
    Ok(())
}

/// When the next reminder falls due.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    reminders::next_due(app.db.pool()).await
}

/// Takes one batch of reminders that are due: puts each to its next time, and announces and plans it unless
/// the member has checked in already. All in one transaction, so that any number of workers do each once,
/// and a crash does none or all. Returns how many there were.
pub async fn run_due(app: &App) -> Result<usize, Fault> {
    let limit = app.config.worker.reminder_batch;
    let (taken, received) = transact!(app.db, |tx| {
        let due = reminders::take_due(tx, app.clock.now(), limit).await?;
        let received = if due.is_empty() {
            Vec::new()
        } else {
            put_on(app, tx, &due).await?
        };
        Ok(Done::Keep((due.len(), received)))
    })?;
    plan::tell(app, &received);
    metrics::counter!("belay_reminders_taken_total").increment(taken as u64);
    Ok(taken)
}

async fn put_on(app: &App, tx: &Tx, due: &[Model]) -> Result<Vec<Event>, Fault> {
    let now = app.clock.now();
    let members: Vec<_> = due.iter().map(|row| row.member_id).collect();
    let standings = profile::service::standings(tx, &members).await?;
    let mut next: HashMap<_, Vec<_>> = HashMap::new();
    let mut announcements = Vec::new();
    for row in due {
        let who = standings
            .get(&row.member_id)
            .ok_or(Fault::Broken("whoever has a reminder is a member"))?;
        let later = next_after(who.zone, row.local_time, now);
        next.entry(later).or_default().push(row.member_id);
        let at = row.next_due_at.unwrap_or(now);
        let day = member_day(at, who.zone, DAY_START_HOUR);
        let (_, expires_at) = day_bounds(day, who.zone, DAY_START_HOUR);
        // After an outage a reminder still comes on its own day, and not on another.
        if !who.hidden && now < expires_at {
            let announcement = Announcement {
                member: row.member_id,
                kind: Kind::CheckInReminder,
                dedup_key: reminder_key(day),
                subject: None,
                not_before: at,
                expires_at,
            };
            announcements.push((day, announcement));
        }
    }
    reminders::put_next(tx, &next).await?;

    let days: HashSet<_> = announcements.iter().map(|(day, _)| *day).collect();
    let mut wanted = Vec::new();
    for day in days {
        let of_day: Vec<_> = announcements
            .extract_if(.., |(other, _)| *other == day)
            .map(|(_, announcement)| announcement)
            .collect();
        let members: Vec<_> = of_day.iter().map(|what| what.member).collect();
        let done = checkin::service::who_checked_in_on(tx, &members, day).await?;
        wanted.extend(
            of_day
                .into_iter()
                .filter(|what| !done.contains(&what.member)),
        );
    }
    let told = store::add(app, tx, &wanted).await?;
    plan::plan(app, tx, told).await
}
