//! A member shows that he is here: his ladder begins at its foot again.

use chrono::{DateTime, Days, NaiveDate, Utc};
use entity::MemberId;
use entity::ladder::Model;
use entity::notification::Kind as Told;
use uuid::Uuid;

use super::{FRESH_FOR, announcement, quiet, store, told_key};
use crate::app::App;
use crate::checkin::service::Standing;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::fact::Fact;
use crate::ladder::model::Rung;
use crate::visibility::is_taking_part;
use crate::{checkin, nudge, profile};

/// The first day that counts for a man who is here now: tomorrow, or the day after the last he checked in on, when he
/// has flown back over it.
pub(super) fn counts_from(standing: &Standing, now: DateTime<Utc>) -> NaiveDate {
    let today = standing.calendar.day_at(now);
    let last = standing
        .last_check_in()
        .map_or(today, |last| last.max(today));
    last + Days::new(1)
}

/// A member does something that shows he is here, and has checked in on a day that the standing does not have yet, if
/// that was it; his days are held. What is told of the days before is over, in this
/// transaction: whoever tells holds the ladder, and finds it at its foot once this has committed.
pub async fn is_here(
    app: &App,
    tx: &Tx,
    member: MemberId,
    standing: &Standing,
    written: Option<NaiveDate>,
) -> Result<(), Fault> {
    if !standing.has_ladder {
        return Ok(());
    }
    let Some(row) = store::hold(tx, member).await? else {
        return Ok(());
    };
    let rungs = store::bare_rungs_of(tx, member).await?;
    let counts_from = counts_from(standing, app.clock.now());
    let counts_from = written.map_or(counts_from, |day| counts_from.max(day + Days::new(1)));
    let row = Model { counts_from, ..row };
    back_to_the_foot(app, tx, &row, rungs, standing).await
}

/// A member's days begin elsewhere, or at another hour: what comes next comes by them. That alone shows nothing of him:
/// his phone says so by itself when he travels.
pub async fn days_are_otherwise(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let Some(row) = store::hold(tx, member).await? else {
        return Ok(());
    };
    let rungs = store::bare_rungs_of(tx, member).await?;
    let standing = checkin::service::standing(tx, member).await?;
    put_on(app, tx, &row, &rungs, &standing).await
}

/// Clocks go by other rules from now on: works out anew when the next rung of up to `limit` ladders behind `after` is
/// told. Returns the last of them, or `None` if there are no more.
pub async fn rules_changed(
    app: &App,
    tx: &Tx,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Option<Uuid>, Fault> {
    let members = store::behind(tx, after.map(MemberId), limit).await?;
    for member in &members {
        days_are_otherwise(app, tx, *member).await?;
    }
    Ok(members.last().map(|member| member.0))
}

/// Writes when the next of these rungs is due.
pub(super) async fn put_on(
    app: &App,
    tx: &Tx,
    row: &Model,
    rungs: &[Rung],
    standing: &Standing,
) -> Result<(), Fault> {
    let next = quiet(standing, row).next(rungs, Rung::is_agreed, app.clock.now());
    let next_due_at = next.map(|(_, at)| at);
    store::put_on(tx, row.member_id, row.counts_from, next_due_at).await
}

/// Begins a ladder, which is held, at the day it counts from.
pub(super) async fn back_to_the_foot(
    app: &App,
    tx: &Tx,
    row: &Model,
    mut rungs: Vec<Rung>,
    standing: &Standing,
) -> Result<(), Fault> {
    over(app, tx, row.member_id).await?;
    if rungs.iter().any(|rung| rung.told_at.is_some()) {
        store::start_over(tx, row.member_id).await?;
        for rung in &mut rungs {
            rung.told_at = None;
        }
    }
    put_on(app, tx, row, &rungs, standing).await
}

/// What a member's ladder told is over, whether or not the rung is still there that told it. Who has heard of it, and may
/// hear of him, hears that he is back.
async fn over(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let now = app.clock.now();
    let hidden = !is_taking_part(tx, member).await?;
    for (id, told) in store::over(tx, member, now).await? {
        let key = told_key(id);
        nudge::service::withdraw(tx, told, &key).await?;
        if !hidden && nudge::service::has_heard(tx, told, &key).await? {
            let key = format!("ladder_back:{id}");
            let what = announcement((member, told), Told::BackAgain, key, id.0, (now, FRESH_FOR));
            nudge::service::announce(app, tx, &what).await?;
        }
    }
    Ok(())
}

/// A member is visible again: whoever wants him to be told when he goes quiet has him again.
pub async fn wake_those_that_tell(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    store::wake_those_that_tell(tx, member, app.clock.now()).await
}

/// A member says that he is all right.
pub async fn all_right(app: &App, member: MemberId) -> Result<(), Fault> {
    transact!(app, |tx| {
        profile::service::hold(tx, &[member]).await?;
        app.follow(tx, Fact::ShowedUp { member }).await?;
        tx.wake();
        Ok(Done::Keep(()))
    })
}
