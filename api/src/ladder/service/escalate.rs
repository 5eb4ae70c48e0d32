//! Sends the rungs that are due.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::ladder::Model;
use entity::ladder_rung as rung;
use entity::notification::Kind as NotificationKind;
use entity::{MemberId, RungId, ladder};

use super::{FRESH_FOR, announcement, store, telling_key};
use crate::app::App;
use crate::days::calendar::Calendar;
use crate::db::due;
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::ladder::model::{Kind, Rung, Telling, Tells};
use crate::ladder::schedule::Quiet;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::{checkin, outbox, profile};

/// Returns when the next rung of any ladder is due.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    due::next_due::<ladder::Entity>(app.db.pool()).await
}

/// Processes one batch of due ladders: sends one rung of each, and schedules the next. Returns the number of ladders
/// taken.
///
/// Everything happens in one transaction that locks the ladders. So any number of workers send each rung once, and a
/// crash sends none or all. A member who shows that they are here does so before or after it, never in between.
pub async fn run_due(app: &App) -> Result<usize, Fault> {
    let limit = app.config.worker.reminder_batch;
    let taken = transact!(app, |tx| {
        let due = due::take_due::<ladder::Entity>(tx, app.clock.now(), limit).await?;
        if !due.is_empty() {
            tell(app, tx, &due).await?;
        }
        Ok(Done::Keep(due.len()))
    })?;
    metrics::counter!("belay_ladders_taken_total").increment(taken as u64);
    Ok(taken)
}

/// The rung to send on one ladder, and when the next one is due.
struct Turn<'a> {
    tells: Option<&'a Rung>,
    next: Option<DateTime<Utc>>,
}

fn turn<'a>(
    quiet: &Quiet<'_>,
    rungs: &'a mut [Rung],
    agreed: &HashMap<RungId, bool>,
    now: DateTime<Utc>,
) -> Turn<'a> {
    let may = |rung: &Rung| rung.told.is_none() || agreed.get(&rung.id) == Some(&true);
    let due = quiet.next(rungs, may, now);
    let Some((kind, _)) = due.filter(|(_, at)| *at <= now) else {
        return Turn {
            tells: None,
            next: due.map(|(_, at)| at),
        };
    };
    for rung in rungs.iter_mut().filter(|rung| rung.kind == kind) {
        rung.told_at = Some(now);
    }
    let next = quiet.next(rungs, may, now).map(|(_, at)| at);
    Turn {
        tells: rungs.iter().find(|rung| rung.kind == kind),
        next,
    }
}

async fn tell(app: &App, tx: &Tx, due: &[Model]) -> Result<(), Fault> {
    let now = app.clock.now();
    let members: Vec<MemberId> = due.iter().map(|row| row.member_id).collect();
    let held = store::lock_rungs(tx, &members).await?;
    let mut rungs: HashMap<MemberId, Vec<Rung>> = HashMap::new();
    for rung in held.iter().map(store::bare) {
        rungs.entry(rung.owner).or_default().push(rung);
    }
    let mut held: HashMap<RungId, rung::Model> =
        held.into_iter().map(|row| (row.id, row)).collect();
    let outer = rungs.values().flatten().filter(|rung| rung.told.is_some());
    let outer: Vec<RungId> = outer.map(|rung| rung.id).collect();
    let agreed = super::agreed(tx, &outer).await?;
    let who = profile::service::contexts(tx, &members).await?;
    let since = due.iter().map(|row| row.counts_from).min();
    let mut plans = match since {
        Some(since) => checkin::service::plans(tx, &members, since).await?,
        None => HashMap::new(),
    };

    let (mut next, mut tellings) = (Vec::new(), Vec::new());
    for row in due {
        let (plan, past) = plans.remove(&row.member_id).unwrap_or_default();
        let Some(who) = who.get(&row.member_id).filter(|who| !who.hidden) else {
            // The owner is leaving. If they come back, that resets the ladder.
            next.push((row.clone(), None));
            continue;
        };
        let calendar = Calendar::new(who.terms, past);
        let quiet = Quiet {
            plan: &plan,
            calendar: &calendar,
            counts_from: row.counts_from,
            local_time: row.local_time,
        };
        let own = rungs.get_mut(&row.member_id).map(Vec::as_mut_slice);
        let turn = turn(&quiet, own.unwrap_or_default(), &agreed, now);
        next.push((row.clone(), turn.next));
        if let Some(rung) = turn.tells {
            let words = held.remove(&rung.id).and_then(|row| words(app, row));
            let since = disclosed_first_day(rung, &quiet, now);
            tellings.push((telling(app, rung, (since, words), now), rung.id));
        }
    }
    store::reschedule_all(tx, next).await?;
    let ids: Vec<RungId> = tellings.iter().map(|(_, rung)| *rung).collect();
    store::mark_sent(tx, &ids, now).await?;
    store::add_tellings(app, tx, &tellings).await?;
    let announcements: Vec<_> = tellings
        .iter()
        .map(|(telling, _)| announcement_of(telling, now))
        .collect();
    outbox::announce_and_plan(app, tx, &announcements).await
}

/// Returns the first missed day, if the rung tells it.
fn disclosed_first_day(rung: &Rung, quiet: &Quiet<'_>, now: DateTime<Utc>) -> Option<NaiveDate> {
    match rung.tells {
        Tells::SinceWhen => quiet.first_day(now),
        Tells::Quiet => None,
    }
}

/// Returns the words of a rung. The rung is sent without them if they cannot be opened because a former secret is
/// missing.
fn words(app: &App, row: rung::Model) -> Option<Opened> {
    let words = store::words(app, row)?;
    // Words stay sealed for their rung. They could not be opened as a telling's words either.
    if let Err(fault) = words.text() {
        metrics::counter!("belay_ladder_words_unreadable_total").increment(1);
        tracing::error!(class = fault.class(), "a rung was sent without its words");
        return None;
    }
    Some(words)
}

fn telling(
    app: &App,
    rung: &Rung,
    (quiet_since, words): (Option<NaiveDate>, Option<Opened>),
    now: DateTime<Utc>,
) -> Telling {
    Telling {
        id: app.ids.next(),
        owner: rung.owner,
        kind: rung.kind,
        told: rung.told.map(|(member, _)| member),
        quiet_since,
        words,
        told_at: now,
        over_at: None,
    }
}

fn announcement_of(telling: &Telling, now: DateTime<Utc>) -> outbox::Announcement {
    let (kind, fresh_for) = match telling.kind {
        Kind::Own => (NotificationKind::LadderNote, TimeDelta::hours(12)),
        Kind::Partner | Kind::Facilitator => (NotificationKind::WentQuiet, FRESH_FOR),
    };
    let told = telling.told.unwrap_or(telling.owner);
    announcement(
        (telling.owner, told),
        kind,
        telling_key(telling.id),
        telling.id.0,
        (now, fresh_for),
    )
}
