//! Resets a member's ladder when the member shows that they are here.

use chrono::{DateTime, Days, NaiveDate, Utc};
use entity::MemberId;
use entity::ladder::Model;
use entity::notification::Kind as NotificationKind;
use uuid::Uuid;

use super::{FRESH_FOR, announcement, quiet, store, telling_key};
use crate::app::App;
use crate::days::MemberDays;
use crate::error::Fault;
use crate::fact::Fact;
use crate::ladder::model::Rung;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::visibility::is_taking_part;
use crate::{checkin, outbox, profile};

/// Returns the first day that counts for a member who is here now: tomorrow. After a flight back across the date line
/// it is the day after the latest check-in.
pub(super) fn counts_from(days: MemberDays<'_>, now: DateTime<Utc>) -> NaiveDate {
    let today = days.calendar.day_at(now);
    let last = days.last_check_in.map_or(today, |last| last.max(today));
    last + Days::new(1)
}

/// Resets a member's ladder. `written` is the day of a new check-in that `days` does not contain yet. The member's days
/// must be locked.
///
/// Everything about earlier days ends in this transaction. A worker locks the ladder first, so it sees the reset once
/// this transaction commits.
pub async fn is_here(
    app: &App,
    tx: &Tx,
    member: MemberId,
    days: MemberDays<'_>,
    written: Option<NaiveDate>,
) -> Result<(), Fault> {
    if !days.has_ladder {
        return Ok(());
    }
    let Some(row) = store::load_locked(tx, member).await? else {
        return Ok(());
    };
    let rungs = store::bare_rungs_of(tx, member).await?;
    let counts_from = counts_from(days, app.clock.now());
    let counts_from = written.map_or(counts_from, |day| counts_from.max(day + Days::new(1)));
    let row = Model { counts_from, ..row };
    back_to_the_foot(app, tx, &row, rungs, days).await
}

/// Recomputes when the next rung is due, after a change of the member's time zone or day start. Such a change does not
/// show that the member is here: a travelling phone reports it by itself.
pub async fn days_changed(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let Some(row) = store::load_locked(tx, member).await? else {
        return Ok(());
    };
    let rungs = store::bare_rungs_of(tx, member).await?;
    let loaded = checkin::service::load_days(tx, member).await?;
    reschedule(app, tx, &row, &rungs, loaded.days()).await
}

/// Recomputes the next due rung after a change of time zone rules, for up to `limit` ladders after `after`. Returns the
/// last of them, or `None` if there are no more.
pub async fn rules_changed(
    app: &App,
    tx: &Tx,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Option<Uuid>, Fault> {
    let members = store::behind(tx, after.map(MemberId), limit).await?;
    for member in &members {
        days_changed(app, tx, *member).await?;
    }
    Ok(members.last().map(|member| member.0))
}

/// Writes when the next of the given rungs is due.
pub(super) async fn reschedule(
    app: &App,
    tx: &Tx,
    row: &Model,
    rungs: &[Rung],
    days: MemberDays<'_>,
) -> Result<(), Fault> {
    let next = quiet(days, row).next(rungs, Rung::is_agreed, app.clock.now());
    let next_due_at = next.map(|(_, at)| at);
    store::reschedule(tx, row.member_id, row.counts_from, next_due_at).await
}

/// Restarts a ladder from the day it counts from. The ladder must be locked.
pub(super) async fn back_to_the_foot(
    app: &App,
    tx: &Tx,
    row: &Model,
    mut rungs: Vec<Rung>,
    days: MemberDays<'_>,
) -> Result<(), Fault> {
    over(app, tx, row.member_id).await?;
    if rungs.iter().any(|rung| rung.told_at.is_some()) {
        store::start_over(tx, row.member_id).await?;
        for rung in &mut rungs {
            rung.told_at = None;
        }
    }
    reschedule(app, tx, row, &rungs, days).await
}

/// Ends everything that a member's ladder has sent, even by rungs that no longer exist. Each recipient who was
/// notified, and may still be, is notified that the member is back.
async fn over(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let now = app.clock.now();
    let hidden = !is_taking_part(tx, member).await?;
    for (id, told) in store::over(tx, member, now).await? {
        let key = telling_key(id);
        outbox::withdraw(tx, told, &key).await?;
        if !hidden && outbox::has_heard(tx, told, &key).await? {
            let key = format!("ladder_back:{id}");
            let what = announcement(
                (member, told),
                NotificationKind::BackAgain,
                key,
                id.0,
                (now, FRESH_FOR),
            );
            outbox::announce(app, tx, &what).await?;
        }
    }
    Ok(())
}

/// Wakes the ladders that notify a member who is visible again.
pub async fn wake_those_that_tell(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    store::wake_those_that_tell(tx, member, app.clock.now()).await
}

/// Records that a member says they are all right.
pub async fn all_right(app: &App, member: MemberId) -> Result<(), Fault> {
    transact!(app, |tx| {
        profile::service::lock_members(tx, &[member]).await?;
        app.follow(tx, Fact::ShowedUp { member, days: None })
            .await?;
        tx.wake();
        Ok(Done::Keep(()))
    })
}
