//! Clocks go by other rules from now on: when reminders come, and how long pushes wait, is worked out anew.

use chrono::TimeDelta;
use entity::check_in_reminder::Model;
use entity::{MemberId, NotificationId};
use uuid::Uuid;

use super::quiet::ignores_quiet_hours;
use super::{reminder_store, service, store};
use crate::app::App;
use crate::days::local_time::nearest;
use crate::db::Tx;
use crate::entropy::first_id_at;
use crate::error::Fault;
use crate::profile;

/// No quiet hours last longer than a day, and no clock is moved by more.
const HELD_AT_MOST: TimeDelta = TimeDelta::days(2);

/// Works out anew when the reminders of up to `limit` members behind `after` come. Returns the last of them, or `None`
/// if there are no more.
///
/// A reminder keeps its day: it moves to the instant at which the wall clock shows its time, before or after the old
/// one. One that came already today does not come again, and one whose time has passed meanwhile comes at once.
pub async fn reminders(
    app: &App,
    tx: &Tx,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Option<Uuid>, Fault> {
    let now = app.clock.now();
    let rows = reminder_store::behind(tx, after.map(MemberId), limit).await?;
    let members: Vec<MemberId> = rows.iter().map(|row| row.member_id).collect();
    let who = profile::service::standings(tx, &members).await?;
    let moved = rows.iter().filter_map(|row| {
        let zone = who.get(&row.member_id)?.terms.zone;
        let due = row.next_due_at.filter(|due| *due > now)?;
        let anew = nearest(zone, row.local_time, due);
        (anew != due).then(|| Model {
            next_due_at: Some(anew),
            ..row.clone()
        })
    });
    let moved: Vec<Model> = moved.collect();
    metrics::counter!("belay_zone_data_moved_total", "kind" => "reminder")
        .increment(moved.len() as u64);
    reminder_store::put_all(tx, moved).await?;
    Ok(members.last().map(|member| member.0))
}

/// Has up to `limit` pushes behind `after` that wait for the end of quiet hours planned anew, which asks when those are
/// over now. Returns the last of them, or `None` if there are no more.
pub async fn held_pushes(
    app: &App,
    tx: &Tx,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Option<Uuid>, Fault> {
    let now = app.clock.now();
    // What waits so long was made not long before; ids sort by when they were made.
    let after = after.map_or_else(
        || NotificationId(first_id_at(now - HELD_AT_MOST)),
        NotificationId,
    );
    let held = store::held_behind(tx, after, now, limit).await?;
    for row in held.iter().filter(|row| !ignores_quiet_hours(row.kind)) {
        service::plan_later(app, tx, row.id, now).await?;
    }
    Ok(held.last().map(|row| row.id.0))
}
