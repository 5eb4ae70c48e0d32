//! Operations on check-ins and on the plans of a member's days.

mod check_in;
mod plan;
mod take_back;
mod trend;
mod words;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use entity::{CheckInId, CircleId, MemberId};
use sea_orm::ConnectionTrait;

pub use self::check_in::{CheckInOutcome, NewCheckIn, check_in};
pub use self::plan::{
    EndPauseOutcome, NewPause, PauseOutcome, cadence, choose_days, count_pauses, end_pause, pause,
    pauses, pauses_by_ids, terms_changed, who_has_paused_on, who_is_not_asked_on,
};
pub use self::take_back::delete_words;
pub use self::trend::{between, mood_trend};
pub use self::words::emotions;
use super::entry::CheckIn;
use super::runs::{self, Progress};
pub use super::store::LoadedDays;
use super::store::{self, SealedCheckIn};
pub use super::store::{CIRCLE_CHECK_INS, LIST, PAUSES, PlanAndTerms};
use crate::app::App;
use crate::days::calendar::DayTerms;
use crate::error::Fault;
use crate::page::Page;
use crate::profile;
use crate::tx::Tx;

/// Days are settled this long after they have closed, because the clock of another process may be slow.
const SLACK: TimeDelta = TimeDelta::hours(1);
/// Settling waits until this many days can be settled at once, so that most check-ins write only one row.
const SETTLED_AT_ONCE: TimeDelta = TimeDelta::days(7);

/// Returns a member's progress, in one statement.
pub async fn progress(app: &App, member: MemberId) -> Result<Progress, Fault> {
    let loaded = load_days(app.db.pool(), member).await?;
    let settled = loaded.settled.as_ref();
    Ok(runs::progress(settled, &loaded.record(), app.clock.now()))
}

/// Returns all data that a member's progress depends on, in one statement.
pub async fn load_days(db: &impl ConnectionTrait, member: MemberId) -> Result<LoadedDays, Fault> {
    let loaded = store::load(db, member).await?;
    loaded.ok_or(Fault::Broken("the caller is a member"))
}

/// As [`load_days`], and locks the member's days until the transaction ends.
pub async fn load_locked(app: &App, tx: &Tx, member: MemberId) -> Result<LoadedDays, Fault> {
    store::lock_for_update(tx, member, app.clock.now()).await?;
    load_days(tx, member).await
}

/// Returns the plan of each given member from `since` on, and the terms of their days since then, each with the instant
/// it ended. Uses three statements.
pub async fn plans(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    since: NaiveDate,
) -> Result<HashMap<MemberId, PlanAndTerms>, Fault> {
    store::plans(db, members, since).await
}

/// Stores the sums of closed days, if there are enough of them.
async fn settle(
    tx: &Tx,
    member: MemberId,
    loaded: &LoadedDays,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let before = loaded.settled.as_ref();
    let Some(settled) = runs::settle(before, &loaded.record(), now - SLACK) else {
        return Ok(());
    };
    let from = before.map(|before| before.through);
    let from = from.or_else(|| loaded.written.first()?.pred_opt());
    if from.is_some_and(|from| settled.through - from >= SETTLED_AT_ONCE) {
        store::settle(tx, member, &settled).await?;
    }
    Ok(())
}

fn open(app: &App, rows: Vec<SealedCheckIn>) -> Vec<CheckIn> {
    rows.into_iter().map(|row| row.open(app)).collect()
}

/// Fetches up to `limit + 1` of a member's check-ins, newest first.
pub async fn check_ins(
    app: &App,
    member: MemberId,
    page: &Page<LIST>,
) -> Result<Vec<CheckIn>, Fault> {
    Ok(open(app, store::page(app.db.pool(), member, page).await?))
}

/// Counts a member's check-ins.
pub async fn count(app: &App, member: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), member).await
}

/// Returns a member's check-ins by their ids, in no particular order, without those of other members.
pub async fn by_ids(app: &App, member: MemberId, ids: &[CheckInId]) -> Result<Vec<CheckIn>, Fault> {
    let rows = store::by_ids(app.db.pool(), member, ids).await?;
    Ok(open(app, rows))
}

/// Returns a member's check-in for a day.
pub async fn on_day(app: &App, member: MemberId, day: NaiveDate) -> Result<Option<CheckIn>, Fault> {
    let found = store::on_day(app.db.pool(), member, day).await?;
    Ok(found.map(|row| row.open(app)))
}

/// How long a circle's members can read a shared check-in.
const SHARED_FOR: Days = Days::new(14);

/// Fetches up to `limit + 1` check-ins that members share with a circle, newest day first. Returns only the last
/// fourteen days, and nothing unless the viewer is in the circle.
pub async fn in_circle(
    app: &App,
    viewer: MemberId,
    circle: CircleId,
    page: &Page<CIRCLE_CHECK_INS>,
) -> Result<Vec<CheckIn>, Fault> {
    let since = app.clock.now().date_naive() - SHARED_FOR;
    let rows = store::in_circle(app.db.pool(), viewer, circle, since, page).await?;
    Ok(open(app, rows))
}

/// Counts the check-ins that [`in_circle`] pages through.
pub async fn count_in_circle(app: &App, viewer: MemberId, circle: CircleId) -> Result<u64, Fault> {
    let since = app.clock.now().date_naive() - SHARED_FOR;
    store::count_in_circle(app.db.pool(), viewer, circle, since).await
}

/// Returns whether a member has checked in for a day.
pub async fn has_checked_in_on(
    db: &impl ConnectionTrait,
    member: MemberId,
    day: NaiveDate,
) -> Result<bool, Fault> {
    Ok(!store::who_on_day(db, &[member], day).await?.is_empty())
}

/// Returns which of the given members have checked in for this day of theirs, in one statement.
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

/// Returns whether nobody may nudge this member today: the member has already checked in, or has paused. It always runs
/// both statements, so that their number does not reveal the answer.
pub async fn wants_no_nudge_today(app: &App, tx: &Tx, member: MemberId) -> Result<bool, Fault> {
    let today = member_day_now(app, tx, member).await?;
    let done = has_checked_in_on(tx, member, today).await?;
    let paused = store::is_paused(tx, member, today).await?;
    Ok(done || paused)
}

/// Returns which of the given check-ins ask a partner to get in touch, in one statement.
pub async fn with_word_wanted(
    db: &impl ConnectionTrait,
    ids: &[CheckInId],
) -> Result<HashSet<CheckInId>, Fault> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    Ok(store::wanting_a_word(db, ids).await?.into_iter().collect())
}

/// Returns the latest day with a check-in for each given member, in one statement. Members without a check-in are left
/// out.
pub async fn last_check_ins(
    db: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<HashMap<MemberId, NaiveDate>, Fault> {
    if members.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::last_days(db, members).await?.into_iter().collect())
}

/// Returns a member's current day, by the terms of their profile.
pub async fn member_day_now(
    app: &App,
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<NaiveDate, Fault> {
    let terms: DayTerms = profile::service::day_terms(db, member).await?;
    Ok(terms.day(app.clock.now()))
}
