//! What a member means to do: his weekdays, his pauses, and where and when his days begin.

use std::collections::HashSet;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use entity::pause::Model;
use entity::{MemberId, PauseId};
use sea_orm::ConnectionTrait;

use super::{held, settle, standing};
use crate::app::App;
use crate::checkin::store::{self, PAUSES, Standing};
use crate::days::cadence::{Cadence, CadenceChange};
use crate::days::calendar::{Calendar, DayTerms};
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::page::Page;
use crate::{ladder, nudge};

/// The terms of a member's days are others from now on; these were in force.
pub async fn terms_changed(
    app: &App,
    tx: &Tx,
    member: MemberId,
    before: DayTerms,
) -> Result<(), Fault> {
    let now = app.clock.now();
    store::hold(tx, member, now).await?;
    store::end_terms(tx, member, before, now).await
}

/// The first day that is not closed.
fn open_from(calendar: &Calendar, now: DateTime<Utc>) -> NaiveDate {
    let mut open_from = calendar.day_at(now);
    while let Some(before) = open_from
        .pred_opt()
        .filter(|day| !calendar.is_closed(*day, now))
    {
        open_from = before;
    }
    open_from
}

/// The first day that what a member plans from now on can be for: not one that he has checked in on.
fn next_unwritten(standing: &Standing, today: NaiveDate) -> NaiveDate {
    let last = standing.last_check_in();
    last.map_or(today, |last| today.max(last + Days::new(1)))
}

/// The weekdays on which a member means to check in, as he chose last.
pub async fn cadence(app: &App, member: MemberId) -> Result<Cadence, Fault> {
    let standing = standing(app.db.pool(), member).await?;
    let today = standing.calendar.day_at(app.clock.now());
    Ok(chosen(&standing, today))
}

/// Has a member mean to check in on these weekdays: from today on, or from tomorrow when he has checked in today. What
/// was chosen at an earlier instant is in force from then on, as far back as days are open and nothing else was chosen
/// since.
pub async fn choose_days(
    app: &App,
    member: MemberId,
    cadence: Cadence,
    made_at: Option<DateTime<Utc>>,
) -> Result<(), Fault> {
    transact!(app, |tx| {
        let now = app.clock.now();
        let standing = held(app, tx, member).await?;
        let today = standing.calendar.day_at(now);
        let made_on = made_at.map_or(today, |made_at| standing.calendar.day_at(made_at.min(now)));
        let made_on = made_on.clamp(open_from(&standing.calendar, now).min(today), today);
        let latest = standing.plan.cadences.last().map(|change| change.from);
        let made_on = latest.map_or(made_on, |latest| made_on.max(latest.min(today)));
        let from = next_unwritten(&standing, made_on);
        if chosen(&standing, from) == cadence {
            return Ok(Done::Undo(()));
        }
        settle(tx, member, &standing, now).await?;
        store::choose(tx, member, CadenceChange { from, cadence }).await?;
        is_here(app, tx, member, &standing).await?;
        if from <= today && !cadence.includes(today.weekday()) {
            nudge::service::not_asked(tx, member, today).await?;
        }
        Ok(Done::Keep(()))
    })
}

/// A member has changed what he means to do, and shows that he is here.
async fn is_here(app: &App, tx: &Tx, member: MemberId, before: &Standing) -> Result<(), Fault> {
    if !before.has_ladder {
        return Ok(());
    }
    let standing = standing(tx, member).await?;
    ladder::service::is_here(app, tx, member, &standing, None).await
}

/// What he chose last, in force on a day or to come.
fn chosen(standing: &Standing, day: NaiveDate) -> Cadence {
    let latest = standing.plan.cadences.last().map(|change| change.from);
    standing
        .plan
        .cadence_on(latest.map_or(day, |latest| latest.max(day)))
}

/// A pause as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct NewPause {
    /// Made by the app.
    pub id: PauseId,
    /// The first day.
    pub first: NaiveDate,
    /// The last day; not before the first.
    pub last: NaiveDate,
}

/// What became of a pause.
#[derive(Clone, Debug)]
pub enum PauseOutcome {
    /// It is there.
    Made(Model),
    /// It was there, though it may have been shortened since.
    Unchanged(Model),
    /// The id is in use, by the member's pause with other days when there is one.
    IdTaken(Option<Model>),
    /// Another pause has some of these days: that one.
    Overlaps(Model),
    /// All of its days are closed; the first day that is not is given.
    Closed {
        /// The earliest day of a pause.
        open_from: NaiveDate,
    },
}

/// Pauses a member's days. What he was to be reminded of meanwhile is withdrawn.
pub async fn pause(app: &App, member: MemberId, new: NewPause) -> Result<PauseOutcome, Fault> {
    transact!(app, |tx| {
        let now = app.clock.now();
        let standing = held(app, tx, member).await?;
        if let Some(there) = store::pause(tx, member, new.id).await? {
            let asked_first = there.asked_first_date.unwrap_or(there.first_date);
            let same = (asked_first, there.asked_last_date) == (new.first, new.last);
            return Ok(Done::Undo(if same {
                PauseOutcome::Unchanged(there)
            } else {
                PauseOutcome::IdTaken(Some(there))
            }));
        }
        let today = standing.calendar.day_at(now);
        // A phone may have waited for a connection: what is still open of the pause is paused.
        let open_from = open_from(&standing.calendar, now);
        let first = new.first.max(open_from);
        if new.last < first {
            return Ok(Done::Undo(PauseOutcome::Closed { open_from }));
        }
        if let Some(other) = store::overlapping(tx, member, first, new.last).await? {
            return Ok(Done::Undo(PauseOutcome::Overlaps(other)));
        }
        settle(tx, member, &standing, now).await?;
        let row = Model {
            id: new.id,
            member_id: member,
            first_date: first,
            last_date: new.last,
            asked_last_date: new.last,
            asked_first_date: (first != new.first).then_some(new.first),
            created_at: now,
        };
        if !store::insert_pause(tx, row.clone()).await? {
            return Ok(Done::Undo(PauseOutcome::IdTaken(None)));
        }
        is_here(app, tx, member, &standing).await?;
        if first <= today && today <= new.last {
            nudge::service::not_asked(tx, member, today).await?;
        }
        Ok(Done::Keep(PauseOutcome::Made(row)))
    })
}

/// What became of a pause that was to end.
#[derive(Clone, Debug)]
pub enum EndPauseOutcome {
    /// It has ended, or was over already.
    Ended(Model),
    /// There is none of this id.
    NotFound,
}

/// Ends a member's pause: today is his again, and what was paused before stays so. One that has not begun is taken
/// back.
pub async fn end_pause(app: &App, member: MemberId, id: PauseId) -> Result<EndPauseOutcome, Fault> {
    transact!(app, |tx| {
        let now = app.clock.now();
        let standing = held(app, tx, member).await?;
        let Some(there) = store::pause(tx, member, id).await? else {
            return Ok(Done::Undo(EndPauseOutcome::NotFound));
        };
        let today = standing.calendar.day_at(now);
        let last = next_unwritten(&standing, today) - Days::new(1);
        let last = last.max(there.first_date - Days::new(1));
        if there.last_date <= last {
            return Ok(Done::Undo(EndPauseOutcome::Ended(there)));
        }
        settle(tx, member, &standing, now).await?;
        store::shorten_pause(tx, member, id, last).await?;
        is_here(app, tx, member, &standing).await?;
        Ok(Done::Keep(EndPauseOutcome::Ended(Model {
            last_date: last,
            ..there
        })))
    })
}

/// A page of a member's pauses, the latest first, and one row more.
pub async fn pauses(app: &App, member: MemberId, page: &Page<PAUSES>) -> Result<Vec<Model>, Fault> {
    store::pauses(app.db.pool(), member, page).await
}

/// How many pauses a member has made.
pub async fn count_pauses(app: &App, member: MemberId) -> Result<u64, Fault> {
    store::count_pauses(app.db.pool(), member).await
}

/// A member's pauses by their ids, in no order; others' are left out.
pub async fn pauses_by_ids(
    app: &App,
    member: MemberId,
    ids: &[PauseId],
) -> Result<Vec<Model>, Fault> {
    store::pauses_by_ids(app.db.pool(), member, ids).await
}

/// Of which of these members nothing is asked on this day of theirs: it is in a pause, or not one of their weekdays.
/// In two statements.
pub async fn who_is_not_asked_on(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<HashSet<MemberId>, Fault> {
    if members.is_empty() {
        return Ok(HashSet::new());
    }
    store::not_asked_on(db, members, day).await
}

/// Which of these members have paused on this day of theirs, in one statement.
pub async fn who_has_paused_on(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    day: NaiveDate,
) -> Result<HashSet<MemberId>, Fault> {
    if members.is_empty() {
        return Ok(HashSet::new());
    }
    store::paused_on(db, members, day).await
}
