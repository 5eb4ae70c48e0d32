//! What is done with check-ins and the days around them.

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
pub use super::store::Standing;
use super::store::{self, Written};
pub use super::store::{CIRCLE_CHECK_INS, LIST, PAUSES, PlanAndTerms};
use crate::app::App;
use crate::days::calendar::DayTerms;
use crate::db::Tx;
use crate::error::Fault;
use crate::page::Page;
use crate::{ladder, profile};

/// Days are settled so long after they have closed: another process's clock may be slow.
const SLACK: TimeDelta = TimeDelta::hours(1);
/// So many days are settled at once, and no fewer: most check-ins write one row.
const SETTLED_AT_ONCE: TimeDelta = TimeDelta::days(7);

/// What a member has built up, in one statement.
pub async fn progress(app: &App, member: MemberId) -> Result<Progress, Fault> {
    let standing = standing(app.db.pool(), member).await?;
    let settled = standing.settled.as_ref();
    Ok(runs::progress(settled, &standing.record(), app.clock.now()))
}

/// Everything that a member's progress is told from, in one statement.
pub async fn standing(db: &impl ConnectionTrait, member: MemberId) -> Result<Standing, Fault> {
    let standing = store::standing(db, member).await?;
    standing.ok_or(Fault::Broken("a member who asks is there"))
}

/// A member's standing, which nobody else changes until the transaction ends.
pub async fn held(app: &App, tx: &Tx, member: MemberId) -> Result<Standing, Fault> {
    store::hold(tx, member, app.clock.now()).await?;
    standing(tx, member).await
}

/// A member does something that shows he is here: his ladder begins at its foot.
pub async fn shows_he_is_here(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let standing = held(app, tx, member).await?;
    ladder::service::is_here(app, tx, member, &standing, None).await
}

/// What each of these members means to do from a day on, and the terms that his days had since, each until an instant:
/// three statements.
pub async fn plans(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    since: NaiveDate,
) -> Result<HashMap<MemberId, PlanAndTerms>, Fault> {
    store::plans(db, members, since).await
}

/// Keeps what closed days add up to, when there are enough of them.
async fn settle(
    tx: &Tx,
    member: MemberId,
    standing: &Standing,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let before = standing.settled.as_ref();
    let Some(settled) = runs::settle(before, &standing.record(), now - SLACK) else {
        return Ok(());
    };
    let from = before.map(|before| before.through);
    let from = from.or_else(|| standing.written.first()?.pred_opt());
    if from.is_some_and(|from| settled.through - from >= SETTLED_AT_ONCE) {
        store::settle(tx, member, &settled).await?;
    }
    Ok(())
}

fn open(app: &App, rows: Vec<Written>) -> Vec<CheckIn> {
    rows.into_iter().map(|row| row.open(app)).collect()
}

/// A page of a member's check-ins, newest first, and one row more.
pub async fn check_ins(
    app: &App,
    member: MemberId,
    page: &Page<LIST>,
) -> Result<Vec<CheckIn>, Fault> {
    Ok(open(app, store::page(app.db.pool(), member, page).await?))
}

/// How many check-ins a member has.
pub async fn count(app: &App, member: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), member).await
}

/// A member's check-ins by their ids, in no order; others' are left out.
pub async fn by_ids(app: &App, member: MemberId, ids: &[CheckInId]) -> Result<Vec<CheckIn>, Fault> {
    let rows = store::by_ids(app.db.pool(), member, ids).await?;
    Ok(open(app, rows))
}

/// A member's check-in of a day.
pub async fn on_day(app: &App, member: MemberId, day: NaiveDate) -> Result<Option<CheckIn>, Fault> {
    let found = store::on_day(app.db.pool(), member, day).await?;
    Ok(found.map(|row| row.open(app)))
}

/// What men share with their circles can be read for so many days.
const SHARED_FOR: Days = Days::new(14);

/// A page of the check-ins that men of a circle share with the others in it, the newest day first, and one row more:
/// of the last fourteen days, and nothing unless the viewer is in it.
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

/// How many there are.
pub async fn count_in_circle(app: &App, viewer: MemberId, circle: CircleId) -> Result<u64, Fault> {
    let since = app.clock.now().date_naive() - SHARED_FOR;
    store::count_in_circle(app.db.pool(), viewer, circle, since).await
}

/// Whether a member has checked in on one of his days.
pub async fn has_checked_in_on(
    db: &impl ConnectionTrait,
    member: MemberId,
    day: NaiveDate,
) -> Result<bool, Fault> {
    Ok(!store::who_on_day(db, &[member], day).await?.is_empty())
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

/// Whether nobody is to nudge a member today: he has checked in already, or has paused. The same two statements
/// whatever the answer is.
pub async fn wants_no_nudge_today(app: &App, tx: &Tx, member: MemberId) -> Result<bool, Fault> {
    let today = member_day_now(app, tx, member).await?;
    let done = has_checked_in_on(tx, member, today).await?;
    let paused = store::is_paused(tx, member, today).await?;
    Ok(done || paused)
}

/// In which of these check-ins a man would like a word with a partner, in one statement.
pub async fn those_that_want_a_word(
    db: &impl ConnectionTrait,
    ids: &[CheckInId],
) -> Result<HashSet<CheckInId>, Fault> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    Ok(store::wanting_a_word(db, ids).await?.into_iter().collect())
}

/// The latest day that each of these members has checked in on, in one statement; those who never did are left out.
pub async fn last_check_ins(
    db: &impl ConnectionTrait,
    members: &[MemberId],
) -> Result<HashMap<MemberId, NaiveDate>, Fault> {
    if members.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::last_days(db, members).await?.into_iter().collect())
}

/// A member's day at this moment, in the terms of his profile.
pub async fn member_day_now(
    app: &App,
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<NaiveDate, Fault> {
    let terms: DayTerms = profile::service::day_terms(db, member).await?;
    Ok(terms.day(app.clock.now()))
}
