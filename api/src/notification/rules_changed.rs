//! Recomputes reminders and waiting pushes after a change of time zone rules.

use chrono::TimeDelta;
use entity::check_in_reminder::Model;
use entity::{MemberId, NotificationId, check_in_reminder};
use uuid::Uuid;

use super::{reminder_store, store};
use crate::app::App;
use crate::days::local_time::nearest;
use crate::db::due;
use crate::entropy::first_id_at;
use crate::error::Fault;
use crate::notification_kind::{Timing, spec};
use crate::tx::Tx;
use crate::{outbox, profile};

/// The longest that a push can wait: quiet hours last at most a day, and no clock change is longer than a day.
const HELD_AT_MOST: TimeDelta = TimeDelta::days(2);

/// Recomputes the reminders of up to `limit` members after `after`. Returns the last of them, or `None` if there are no
/// more.
///
/// A reminder keeps its day: it moves to the instant at which the wall clock shows its time, earlier or later than
/// before. A reminder that already came today does not come again. One whose time has meanwhile passed comes
/// immediately.
pub async fn reminders(
    app: &App,
    tx: &Tx,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Option<Uuid>, Fault> {
    let now = app.clock.now();
    let rows = reminder_store::behind(tx, after.map(MemberId), limit).await?;
    let members: Vec<MemberId> = rows.iter().map(|row| row.member_id).collect();
    let who = profile::service::contexts(tx, &members).await?;
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
    due::put_all::<check_in_reminder::Entity>(tx, moved).await?;
    Ok(members.last().map(|member| member.0))
}

/// Plans again up to `limit` pushes after `after` that wait for the end of quiet hours. Planning computes the new end.
/// Returns the last of them, or `None` if there are no more.
pub async fn held_pushes(
    app: &App,
    tx: &Tx,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Option<Uuid>, Fault> {
    let now = app.clock.now();
    // Waiting notifications are recent, and ids sort by creation time.
    let after = after.map_or_else(
        || NotificationId(first_id_at(now - HELD_AT_MOST)),
        NotificationId,
    );
    let held = store::held_behind(tx, after, now, limit).await?;
    for row in held
        .iter()
        .filter(|row| spec(row.kind).timing != Timing::AnyHour)
    {
        outbox::plan_later(app, tx, row.id, now).await?;
    }
    Ok(held.last().map(|row| row.id.0))
}
