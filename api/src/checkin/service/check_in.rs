//! Checking in.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{CheckInId, MemberId};

use super::{held, settle};
use crate::app::App;
use crate::bus::{Activity, Event};
use crate::checkin::calendar::Calendar;
use crate::checkin::entry::{CheckIn, Content, Patch, Visibility};
use crate::checkin::store::{self, Written};
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::{ladder, nudge, pact};

/// A check-in as it was sent.
#[derive(Clone, Debug)]
pub struct NewCheckIn {
    /// Made by the app.
    pub id: CheckInId,
    /// The member's day. When it is left out it is the day of `made_at`, or else today.
    pub day: Option<NaiveDate>,
    /// What it says.
    pub says: Patch,
    /// When it was made, by the phone's clock.
    pub made_at: Option<DateTime<Utc>>,
}

/// What became of a check-in.
#[derive(Clone, Debug)]
pub enum CheckInOutcome {
    /// It is the day's.
    Recorded(CheckIn),
    /// It was there, and says something else now.
    Edited(CheckIn),
    /// It was there just so.
    Unchanged(CheckIn),
    /// The day has a check-in with another id and another content: that one.
    DayTaken(CheckIn),
    /// The id is in use, by the member's check-in with another content when there is one.
    IdTaken(Option<CheckIn>),
    /// The day is not open for check-ins; today's is given.
    OtherDay {
        /// The member's today.
        today: NaiveDate,
    },
}

/// Checks a member in. The reminder of that day, when it has not been sent, is withdrawn with it.
pub async fn check_in(
    app: &App,
    member: MemberId,
    new: NewCheckIn,
) -> Result<CheckInOutcome, Fault> {
    transact!(app, |tx| { take(app, tx, member, &new).await })
}

async fn take(
    app: &App,
    tx: &Tx,
    member: MemberId,
    new: &NewCheckIn,
) -> Result<Done<CheckInOutcome>, Fault> {
    let now = app.clock.now();
    let standing = held(app, tx, member).await?;
    let calendar = &standing.calendar;
    // A phone's clock may be fast.
    let made = new.made_at.map_or(now, |made| made.min(now));
    let day = new.day.unwrap_or_else(|| calendar.day_at(made));
    if !calendar.accepts(day, now) {
        // Perhaps only the answer was lost, days ago.
        let there = store::by_id(tx, member, new.id).await?;
        let there = there.map(|row| row.open(app));
        return Ok(Done::Undo(match there {
            Some(there) if same_day(new, &there) && says_nothing_else(new, &there) => {
                CheckInOutcome::Unchanged(there)
            }
            Some(there) => CheckInOutcome::IdTaken(Some(there)),
            None => CheckInOutcome::OtherDay {
                today: calendar.day_at(now),
            },
        }));
    }
    let terms = calendar.terms_on(day, now);
    let check_in = CheckIn {
        id: new.id,
        member,
        local_date: day,
        time_zone: terms.zone.name().to_owned(),
        day_start_hour: i32::try_from(terms.day_start_hour).unwrap_or_default(),
        content: new.says.applied_to(&Content::default()),
        created_at: now,
        updated_at: now,
    };
    if store::insert(tx, Written::new(app, &check_in)?).await? {
        settle(tx, member, &standing, now).await?;
        nudge::service::not_asked(tx, member, day).await?;
        ladder::service::is_here(app, tx, member, &standing, Some(day)).await?;
        // Reminders go silent after two weeks, and not before.
        let last = standing.last_check_in();
        if last.is_none_or(|last| calendar.day_at(now) - last >= TimeDelta::days(14)) {
            let zone = calendar.terms_at(now).zone;
            nudge::service::came_back(app, tx, member, zone).await?;
        }
        tell_of_a_word(app, tx, &check_in).await?;
        changed(app, tx, &check_in).await?;
        return Ok(Done::Keep(CheckInOutcome::Recorded(check_in)));
    }

    let there = store::in_the_way(tx, member, new.id, day).await?;
    let Some(there) = there.into_iter().next() else {
        return Ok(Done::Undo(CheckInOutcome::IdTaken(None)));
    };
    let there = there.open(app);
    if says_nothing_else(new, &there) && (there.id != new.id || same_day(new, &there)) {
        return Ok(Done::Undo(CheckInOutcome::Unchanged(there)));
    }
    if there.id != new.id {
        return Ok(Done::Undo(CheckInOutcome::DayTaken(there)));
    }
    if !same_day(new, &there) || !can_be_edited(&there, calendar, made, now) {
        return Ok(Done::Undo(CheckInOutcome::IdTaken(Some(there))));
    }
    let edited = CheckIn {
        content: new.says.applied_to(&there.content),
        updated_at: now,
        ..there
    };
    if !store::update(tx, Written::new(app, &edited)?).await? {
        return Err(Fault::Broken("a check-in stays once it is there"));
    }
    ladder::service::is_here(app, tx, member, &standing, None).await?;
    tell_of_a_word(app, tx, &edited).await?;
    changed(app, tx, &edited).await?;
    Ok(Done::Keep(CheckInOutcome::Edited(edited)))
}

/// Tells the partners who may read it that a man would like a word, when he says so to them.
async fn tell_of_a_word(app: &App, tx: &Tx, check_in: &CheckIn) -> Result<(), Fault> {
    let content = &check_in.content;
    if !content.wants_a_word || content.visibility == Visibility::Private {
        return Ok(());
    }
    for partner in pact::service::partners_who_read(app, tx, check_in.member).await? {
        nudge::service::partner_wants_a_word(app, tx, partner, check_in.id).await?;
    }
    Ok(())
}

/// Tells his own devices that a check-in is new or changed, and those of the partners who may know of it.
async fn changed(app: &App, tx: &Tx, check_in: &CheckIn) -> Result<(), Fault> {
    let member = check_in.member;
    tx.put(member, check_in.id);
    let recorded = Event::CheckInRecorded {
        member,
        check_in: check_in.id,
        updated_at: check_in.updated_at,
    };
    tx.tell(member, recorded);
    for (partner, pact) in pact::service::partners_to_tell(app, tx, member).await? {
        let checked_in = Event::PartnerActivity {
            member: partner,
            activity: Activity::CheckedIn,
            subject: pact.0,
        };
        tx.tell(member, checked_in);
    }
    Ok(())
}

fn same_day(new: &NewCheckIn, there: &CheckIn) -> bool {
    new.day.is_none_or(|day| day == there.local_date)
}

fn says_nothing_else(new: &NewCheckIn, there: &CheckIn) -> bool {
    new.says.applied_to(&there.content) == there.content
}

/// What he wrote can be edited while its day lasts, and a late entry on the day it was written on, too: by the
/// phone's clock, for an edit that waited for a connection.
fn can_be_edited(
    there: &CheckIn,
    calendar: &Calendar,
    made: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    let day = calendar.day_at(made);
    let of_its_day = day <= there.local_date || day == calendar.day_at(there.created_at);
    of_its_day && calendar.accepts(there.local_date, now)
}
