//! Starts a change of edition and works through its slices.

use chrono::{DateTime, Utc};
use entity::zone_data::{Model, Stage};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::{Progress, following};
use super::store;
use crate::app::App;
use crate::error::Fault;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::zones::Version;
use crate::{commitment, ladder, meeting, notification};

/// How many rows one transaction checks at most, so that other writers wait no longer.
const SLICE: u64 = 200;
/// As [`SLICE`], for rows that take several statements each.
const SMALL_SLICE: u64 = 20;

/// Returns how far the instants in this database follow an edition.
pub async fn state(db: &impl ConnectionTrait, version: &Version) -> Result<Progress, Fault> {
    let rows = store::all(db).await?;
    Ok(progress(&rows, version))
}

fn progress(rows: &[Model], version: &Version) -> Progress {
    let there = rows
        .iter()
        .filter_map(|row| row.version.parse::<Version>().ok());
    if let Some(newest) = there.max().filter(|newest| newest > version) {
        return Progress::Ahead(newest);
    }
    let this = rows.iter().find(|row| row.version == version.as_str());
    match this {
        Some(row) if row.due_at.is_none() => Progress::Done,
        _ => Progress::Underway,
    }
}

/// Has stored instants recomputed if this process uses a newer edition than they follow. Every worker calls this when
/// it starts. A process with an older edition changes nothing.
pub async fn begin(app: &App) -> Result<(), Fault> {
    let version = &app.zones.installed.version;
    let now = app.clock.now();
    let found = transact!(app, |tx| {
        let found = progress(&store::all(tx).await?, version);
        if found == Progress::Underway {
            let row = Model {
                version: version.as_str().to_owned(),
                begun_at: now,
                due_at: Some(now),
                round: 1,
                stage: Stage::Reminders,
                after_id: None,
            };
            store::add(tx, row).await?;
        }
        Ok(Done::Keep(found))
    })?;
    if let Progress::Ahead(newer) = &found {
        tracing::warn!(
            version = %version, newer = %newer,
            "stored instants follow a newer edition of the time zone database than this process uses"
        );
    }
    app.zones
        .set_due((found == Progress::Underway).then_some(now));
    app.wake.wake();
    Ok(())
}

/// Returns when the next slice is due.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    if !app.zones.will_be_due() {
        return Ok(None);
    }
    let version = &app.zones.installed.version;
    let rows = store::all(app.db.pool()).await?;
    let this = rows.into_iter().find(|row| row.version == version.as_str());
    Ok(this.and_then(|row| row.due_at))
}

/// The outcome of a turn.
enum Turn {
    /// One slice is done.
    Worked,
    /// Another worker has locked the edition.
    Taken,
    /// Nothing is due before this instant.
    Wait(DateTime<Utc>),
    /// Nothing is left to do, or a newer edition has begun.
    Over,
}

/// Recomputes one slice if one is due. Returns how many slices were done.
pub async fn run_due(app: &App) -> Result<usize, Fault> {
    // This avoids a statement while there is nothing to do, which is nearly always.
    let now = app.clock.now();
    if !app.zones.is_due(now) {
        return Ok(0);
    }
    let version = &app.zones.installed.version;
    let turn = transact!(app, |tx| {
        let Some(row) = store::take(tx, version.as_str()).await? else {
            return Ok(Done::Undo(Turn::Taken));
        };
        match progress(&store::all(tx).await?, version) {
            Progress::Done | Progress::Ahead(_) => return Ok(Done::Undo(Turn::Over)),
            Progress::Underway => {}
        }
        match row.due_at {
            None => return Ok(Done::Undo(Turn::Over)),
            Some(due) if due > now => return Ok(Done::Undo(Turn::Wait(due))),
            Some(_) => {}
        }
        let last = slice(app, tx, row.stage, row.after_id).await?;
        store::put(tx, following(row, last, now)).await?;
        tx.wake();
        Ok(Done::Keep(Turn::Worked))
    })?;
    match turn {
        Turn::Worked => Ok(1),
        Turn::Taken => Ok(0),
        Turn::Wait(until) => {
            app.zones.set_due(Some(until));
            Ok(0)
        }
        Turn::Over => {
            app.zones.set_due(None);
            Ok(0)
        }
    }
}

/// Recomputes a slice of a stage, starting after a row. Returns the last row that was checked, or `None` if there are
/// no more.
async fn slice(
    app: &App,
    tx: &Tx,
    stage: Stage,
    after: Option<Uuid>,
) -> Result<Option<Uuid>, Fault> {
    let at_most = |rows: u64| rows.min(app.config.worker.reminder_batch);
    let (many, few) = (at_most(SLICE), at_most(SMALL_SLICE));
    match stage {
        Stage::Reminders => notification::rules_changed::reminders(app, tx, after, many).await,
        Stage::Asks => commitment::service::rules_changed(app, tx, after, many).await,
        Stage::Ladders => ladder::service::rules_changed(app, tx, after, few).await,
        Stage::Meetings => meeting::service::rules_changed(app, tx, after, many).await,
        Stage::QuietHours => notification::rules_changed::held_pushes(app, tx, after, few).await,
    }
}
