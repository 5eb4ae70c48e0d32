//! Checking in.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::{CheckInId, MemberId};

use super::{held, settle};
use crate::app::App;
use crate::bus::{Activity, Event};
use crate::checkin::entry::{CheckIn, Content, History, Patch, Tag};
use crate::checkin::store::{self, Standing, Written};
use crate::days::calendar::{Calendar, Takes};
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::keys::Purpose;
use crate::{ladder, matching, nudge, pact};

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
    /// It is the day's, whether it counts or came after its day had closed.
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
    let takes = calendar.takes(day, now);
    if takes == Takes::Nothing {
        // Perhaps only the answer was lost, days ago; or he takes something back.
        let there = store::by_id(tx, member, new.id).await?;
        return match there {
            Some(there) => stands(app, tx, new, there.open(app), (&standing, made)).await,
            None => Ok(Done::Undo(CheckInOutcome::OtherDay {
                today: calendar.day_at(now),
            })),
        };
    }
    let terms = calendar.terms_on(day, now);
    let mut check_in = CheckIn {
        id: new.id,
        member,
        local_date: day,
        time_zone: terms.zone.name().to_owned(),
        day_start_hour: i32::try_from(terms.day_start_hour).unwrap_or_default(),
        content: new.says.applied_to(&Content::default()),
        created_at: now,
        updated_at: now,
        counts: takes == Takes::CheckIn,
        history: History::default(),
    };
    check_in.history.add(tag(app, member, new));
    if store::insert(tx, Written::new(app, &check_in)?).await? {
        if check_in.counts {
            counts(app, tx, &standing, &check_in, now).await?;
        }
        tell_of_a_word(app, tx, &check_in).await?;
        changed(app, tx, &check_in).await?;
        return Ok(Done::Keep(CheckInOutcome::Recorded(check_in)));
    }
    let there = store::in_the_way(tx, member, new.id, day).await?;
    match there.into_iter().next() {
        Some(there) => stands(app, tx, new, there.open(app), (&standing, made)).await,
        None => Ok(Done::Undo(CheckInOutcome::IdTaken(None))),
    }
}

/// What follows from a new check-in that counts.
async fn counts(
    app: &App,
    tx: &Tx,
    standing: &Standing,
    check_in: &CheckIn,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let (member, day, calendar) = (check_in.member, check_in.local_date, &standing.calendar);
    settle(tx, member, standing, now).await?;
    nudge::service::not_asked(tx, member, day).await?;
    ladder::service::is_here(app, tx, member, standing, Some(day)).await?;
    // Reminders go silent after two weeks, and not before.
    let last = standing.last_check_in();
    if last.is_none_or(|last| calendar.day_at(now) - last >= TimeDelta::days(14)) {
        let zone = calendar.terms_at(now).zone;
        nudge::service::came_back(app, tx, member, zone).await?;
    }
    Ok(())
}

/// What a check-in comes to whose day, or id, has one already.
async fn stands(
    app: &App,
    tx: &Tx,
    new: &NewCheckIn,
    there: CheckIn,
    (standing, made): (&Standing, DateTime<Utc>),
) -> Result<Done<CheckInOutcome>, Fault> {
    let now = app.clock.now();
    let says_nothing_else = new.says.applied_to(&there.content) == there.content;
    let same_day = new.day.is_none_or(|day| day == there.local_date);
    if there.id != new.id {
        return Ok(Done::Undo(if says_nothing_else {
            CheckInOutcome::Unchanged(there)
        } else {
            CheckInOutcome::DayTaken(there)
        }));
    }
    if !same_day {
        return Ok(Done::Undo(CheckInOutcome::IdTaken(Some(there))));
    }
    // What he deleted for good nothing brings back.
    if says_nothing_else || there.history.words_deleted_at.is_some() {
        return Ok(Done::Undo(CheckInOutcome::Unchanged(there)));
    }
    let content = new.says.applied_to(&there.content);
    let can_be_edited = can_be_edited(&there, &standing.calendar, made, now);
    let tag = tag(app, there.member, new);
    if !content.is_within(&there.content) {
        let has_closed = !standing.calendar.accepts(there.local_date, now);
        if there.history.is_replay(&tag, new.made_at, has_closed) {
            return Ok(Done::Undo(CheckInOutcome::Unchanged(there)));
        }
        if !can_be_edited {
            return Ok(Done::Undo(CheckInOutcome::IdTaken(Some(there))));
        }
    }
    let mut history = there.history.clone();
    if !history.sent.is_empty() {
        history.add(tag);
    }
    if content.takes_back_of(&there.content) {
        history.taken_back_at = Some(now);
    }
    let edited = CheckIn {
        content,
        history,
        updated_at: now,
        ..there.clone()
    };
    put(app, tx, &there, &edited).await?;
    // Words that are taken back, or come late, say nothing about today.
    if can_be_edited && standing.calendar.accepts(there.local_date, now) {
        ladder::service::is_here(app, tx, there.member, standing, None).await?;
    }
    tell_of_a_word(app, tx, &edited).await?;
    Ok(Done::Keep(CheckInOutcome::Edited(edited)))
}

/// Writes what a check-in says from now on. That he would like a word is withdrawn where he does not say so any more.
pub(super) async fn put(
    app: &App,
    tx: &Tx,
    before: &CheckIn,
    after: &CheckIn,
) -> Result<(), Fault> {
    if !store::update(tx, Written::new(app, after)?).await? {
        return Err(Fault::Broken("a check-in stays once it is there"));
    }
    if before.content.asks_for_a_word() && !after.content.asks_for_a_word() {
        let men = matching::service::everybody_with(tx, before.member).await?;
        nudge::service::wants_no_word(tx, &men, before.id).await?;
    }
    changed(app, tx, after).await
}

/// A keyed hash of what was sent.
fn tag(app: &App, member: MemberId, new: &NewCheckIn) -> Tag {
    let says = new.says.parts();
    let mut parts: Vec<&[u8]> = vec![member.0.as_bytes(), new.id.0.as_bytes()];
    parts.extend(says.iter().map(String::as_bytes));
    let whole = app.keys.mac(Purpose::CheckIn, &parts);
    whole.first_chunk().copied().unwrap_or_default()
}

/// Tells the partners who may read it that a man would like a word, when he says so to them.
async fn tell_of_a_word(app: &App, tx: &Tx, check_in: &CheckIn) -> Result<(), Fault> {
    if !check_in.content.asks_for_a_word() {
        return Ok(());
    }
    let member = check_in.member;
    for (partner, pact) in pact::service::partners_who_read(app, tx, member).await? {
        nudge::service::partner_wants_a_word(app, tx, (member, partner, pact), check_in.id).await?;
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

/// What he wrote can be edited while its day lasts, and a late entry on the day it was written on, too: by the
/// phone's clock, for an edit that waited for a connection. It may have waited as long as a check-in may.
fn can_be_edited(
    there: &CheckIn,
    calendar: &Calendar,
    made: DateTime<Utc>,
    now: DateTime<Utc>,
) -> bool {
    let day = calendar.day_at(made);
    let of_its_day = day <= there.local_date || day == calendar.day_at(there.created_at);
    of_its_day && calendar.takes(there.local_date, now) != Takes::Nothing
}
