//! What is done with check-ins.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use entity::check_in::Model;
use entity::{CheckInId, MemberId};
use sea_orm::ConnectionTrait;

use super::model::{self, DAY_START_HOUR};
use super::store;
pub use super::store::LIST;
use crate::app::App;
use crate::bus::Event;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::graphql::cursor::Page;
use crate::sync::model::Changes;
use crate::{nudge, profile, sync};

/// A check-in as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct NewCheckIn {
    /// Made by the app.
    pub id: CheckInId,
    /// The member's day. When it is left out it is the day of `made_at`, or else today.
    pub day: Option<NaiveDate>,
    /// 1 to 5; the inner none is no mood, the outer none says nothing about it.
    pub mood: Option<Option<i32>>,
    /// When it was made, by the phone's clock.
    pub made_at: Option<DateTime<Utc>>,
}

/// What became of a check-in.
#[derive(Clone, Debug)]
pub enum CheckInOutcome {
    /// It is the day's.
    Recorded(Model),
    /// It was there; the mood is another now.
    Edited(Model),
    /// It was there just so.
    Unchanged(Model),
    /// The day has a check-in with another id and another content: that one.
    DayTaken(Model),
    /// The id is in use, by the member's check-in with another content when there is one.
    IdTaken(Option<Model>),
    /// The day is not open for check-ins; today's is given.
    OtherDay {
        /// The member's today.
        today: NaiveDate,
    },
}

/// What a member has built up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The days he has checked in on; never falls.
    pub days_shown_up: i32,
    /// The latest of them.
    pub last_check_in: Option<NaiveDate>,
    /// Whether today is one of them.
    pub checked_in_today: bool,
}

/// Checks a member in. The reminder of that day, when it has not been sent, is withdrawn with it.
pub async fn check_in(
    app: &App,
    member: MemberId,
    new: NewCheckIn,
) -> Result<CheckInOutcome, Fault> {
    let zone = profile::service::time_zone(app.db.pool(), member).await?;
    let now = app.clock.now();
    let today = model::member_day(now, zone, DAY_START_HOUR);
    let day = new.day.unwrap_or_else(|| match new.made_at {
        Some(made) => model::member_day(made.min(now), zone, DAY_START_HOUR),
        None => today,
    });
    let made = [new.made_at, model::made_at(new.id.0)];
    if !model::accepts(now, day, zone, DAY_START_HOUR, &made) {
        // Perhaps only the answer was lost, days ago.
        return Ok(match store::by_id(app.db.pool(), member, new.id).await? {
            Some(row) if same_day(&new, &row) && says_nothing_else(&new, &row) => {
                CheckInOutcome::Unchanged(row)
            }
            Some(row) => CheckInOutcome::IdTaken(Some(row)),
            None => CheckInOutcome::OtherDay { today },
        });
    }
    let row = Model {
        id: new.id,
        member_id: member,
        local_date: day,
        time_zone: zone.name().to_owned(),
        day_start_hour: i32::try_from(DAY_START_HOUR).unwrap_or_default(),
        mood: new.mood.flatten(),
        created_at: now,
        updated_at: now,
    };
    let outcome = transact!(app.db, |tx| {
        if store::insert(tx, &row).await? {
            let reminder = format!("check_in_reminder:{day}");
            nudge::service::withdraw(tx, member, &reminder).await?;
            sync::service::record(app, tx, changed(&row)).await?;
            return Ok(Done::Keep(CheckInOutcome::Recorded(row.clone())));
        }
        let mut there = store::in_the_way(tx, member, new.id, day).await?;
        // The id says more about what was meant than the day does.
        there.sort_by_key(|row| row.id != new.id);
        let Some(there) = there.into_iter().next() else {
            return Ok(Done::Undo(CheckInOutcome::IdTaken(None)));
        };
        if says_nothing_else(&new, &there) && (there.id != new.id || same_day(&new, &there)) {
            return Ok(Done::Undo(CheckInOutcome::Unchanged(there)));
        }
        if there.id != new.id {
            return Ok(Done::Undo(CheckInOutcome::DayTaken(there)));
        }
        if !same_day(&new, &there) || !still_open(&there, now, new.made_at)? {
            return Ok(Done::Undo(CheckInOutcome::IdTaken(Some(there))));
        }
        let mood = new.mood.flatten();
        if !store::set_mood(tx, member, there.id, mood, now).await? {
            return Err(Fault::Broken("a check-in stays once it is there"));
        }
        sync::service::record(app, tx, changed(&there)).await?;
        Ok(Done::Keep(CheckInOutcome::Edited(Model {
            mood,
            updated_at: now,
            ..there
        })))
    })?;
    if let CheckInOutcome::Recorded(row) | CheckInOutcome::Edited(row) = &outcome {
        app.bus.publish(&Event::CheckInRecorded {
            member,
            check_in: row.id,
            updated_at: row.updated_at,
        });
    }
    Ok(outcome)
}

fn changed(row: &Model) -> Changes {
    let mut changes = Changes::new();
    changes.put(row.member_id, row.id);
    changes
}

fn same_day(new: &NewCheckIn, row: &Model) -> bool {
    new.day.is_none_or(|day| day == row.local_date)
}

fn says_nothing_else(new: &NewCheckIn, row: &Model) -> bool {
    new.mood.is_none_or(|mood| mood == row.mood)
}

/// Whether a check-in can still be edited: in its own day, in the terms of that day.
fn still_open(
    row: &Model,
    now: DateTime<Utc>,
    made_at: Option<DateTime<Utc>>,
) -> Result<bool, Fault> {
    let zone: Tz = row
        .time_zone
        .parse()
        .map_err(|_| Fault::Broken("a check-in was written in a time zone of the IANA database"))?;
    let day_start_hour = u32::try_from(row.day_start_hour).unwrap_or(DAY_START_HOUR);
    let made = [made_at];
    Ok(model::accepts(
        now,
        row.local_date,
        zone,
        day_start_hour,
        &made,
    ))
}

/// What a member has built up.
pub async fn progress(app: &App, member: MemberId) -> Result<Progress, Fault> {
    let now = app.clock.now();
    let standing = store::standing(app.db.pool(), member, now)
        .await?
        .ok_or(Fault::Broken("a member who asks is there"))?;
    let zone: Tz = standing
        .time_zone
        .parse()
        .map_err(|_| Fault::Broken("a member has a time zone of the IANA database"))?;
    let today = model::member_day(now, zone, DAY_START_HOUR);
    Ok(Progress {
        days_shown_up: standing.days_shown_up.unwrap_or_default(),
        last_check_in: standing.last_local_date,
        checked_in_today: standing.recent.contains(&today),
    })
}

/// A page of a member's check-ins, newest first, and one row more.
pub async fn check_ins(
    app: &App,
    member: MemberId,
    page: &Page<LIST>,
) -> Result<Vec<Model>, Fault> {
    Ok(store::page(app.db.pool(), member, page).await?)
}

/// How many check-ins a member has.
pub async fn count(app: &App, member: MemberId) -> Result<u64, Fault> {
    Ok(store::count(app.db.pool(), member).await?)
}

/// A member's check-ins by their ids, in no order; others' are left out.
pub async fn by_ids(app: &App, member: MemberId, ids: &[CheckInId]) -> Result<Vec<Model>, Fault> {
    Ok(store::by_ids(app.db.pool(), member, ids).await?)
}

/// A member's check-in of a day.
pub async fn on_day(app: &App, member: MemberId, day: NaiveDate) -> Result<Option<Model>, Fault> {
    Ok(store::on_day(app.db.pool(), member, day).await?)
}

/// Whether a member has checked in on one of his days.
pub async fn has_checked_in_on(
    db: &impl ConnectionTrait,
    member: MemberId,
    day: NaiveDate,
) -> Result<bool, Fault> {
    Ok(store::on_day(db, member, day).await?.is_some())
}

/// Which of these members have checked in on this day of theirs, in one statement.
pub async fn who_checked_in_on(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<HashSet<MemberId>, Fault> {
    if members.is_empty() {
        return Ok(HashSet::new());
    }
    let found = store::who_on_day(db, members, day).await?;
    Ok(found.into_iter().collect())
}

/// Whether nobody is to nudge a member today: he has checked in already.
pub async fn wants_no_nudge_today(app: &App, tx: &Tx, member: MemberId) -> Result<bool, Fault> {
    let today = member_day_now(app, tx, member).await?;
    has_checked_in_on(tx, member, today).await
}

/// A member's day at this moment, in the zone of his profile.
pub async fn member_day_now(
    app: &App,
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<NaiveDate, Fault> {
    let zone = profile::service::time_zone(db, member).await?;
    Ok(model::member_day(app.clock.now(), zone, DAY_START_HOUR))
}
