//! Planning: from a notification that is due to its deliveries, as policy allows.

use std::collections::{HashMap, HashSet};

use entity::notification::{Model, SkipReason, State};
use entity::{MemberId, NotificationId};
use sea_orm::ConnectionTrait;

use super::model::{Facts, Verdict, is_about_account, is_told, judge};
use super::quiet::has_its_own_time;
use super::{service, still_wanted, store};
use crate::app::App;
use crate::bus::Event;
use crate::db::{Done, Tx, transact};
use crate::device::model::Reachable;
use crate::error::Fault;
use crate::{device, profile, push};

/// Plans one notification; nothing happens when that has been done.
pub async fn notification(app: &App, id: NotificationId) -> Result<(), Fault> {
    transact!(app, |tx| {
        if let Some(row) = store::pending(tx, id).await? {
            plan(app, tx, vec![row]).await?;
        }
        Ok(Done::Keep(()))
    })
}

/// Decides on notifications that are pending, makes the deliveries of those that may leave, and tells members'
/// devices of those that are in an inbox now.
pub(super) async fn plan(app: &App, tx: &Tx, rows: Vec<Model>) -> Result<(), Fault> {
    let devices = devices(app, tx, &rows).await?;
    let mut decided: HashMap<(State, Option<SkipReason>), Vec<NotificationId>> = HashMap::new();
    let mut deliveries = Vec::new();
    let facts = facts(app, tx, &rows).await?;
    for (row, facts) in rows.iter().zip(facts) {
        let his = devices.get(&row.member_id).map_or(&[][..], Vec::as_slice);
        let reached = his
            .iter()
            .filter(|device| !device.parted || is_about_account(row.kind));
        let reached: Vec<_> = reached.map(|device| device.id).collect();
        let facts = Facts {
            devices: reached.len(),
            ..facts
        };
        let decision = match judge(&facts) {
            Verdict::Deliver => {
                deliveries.extend(reached.into_iter().map(|device| push::service::Queued {
                    notification: row.id,
                    device,
                    expires_at: row.expires_at,
                }));
                (State::Planned, None)
            }
            Verdict::Skip(reason) => (State::Skipped, Some(reason)),
            Verdict::Cancel => (State::Cancelled, None),
            Verdict::NotYet(at) => {
                // Until the quiet hours are over it is in no inbox either.
                if at != row.not_before {
                    store::put_off(tx, row.id, at).await?;
                }
                service::plan_later(app, tx, row.id, at).await?;
                continue;
            }
            Verdict::Over => continue,
        };
        if is_told(decision.0) {
            tx.put(row.member_id, row.id);
            let received = Event::NotificationReceived {
                member: row.member_id,
                notification: row.id,
                at: row.not_before,
            };
            tx.tell(row.member_id, received);
        }
        decided.entry(decision).or_default().push(row.id);
    }
    push::service::queue(app, tx, &deliveries).await?;
    for ((state, reason), ids) in decided {
        metrics::counter!("belay_notifications_decided_total", "state" => word(state, reason))
            .increment(ids.len() as u64);
        store::decide(tx, &ids, state, reason).await?;
    }
    tx.wake();
    Ok(())
}

const fn word(state: State, reason: Option<SkipReason>) -> &'static str {
    match (state, reason) {
        (State::Skipped, Some(SkipReason::AlreadyDone)) => "already_done",
        (State::Skipped, Some(SkipReason::NoDevice)) => "no_device",
        (State::Skipped, Some(SkipReason::Expired)) => "expired",
        (State::Skipped, Some(SkipReason::MemberAway)) => "member_away",
        (State::Skipped, None) => "skipped",
        (State::Planned, _) => "planned",
        (State::Cancelled, _) => "cancelled",
        (State::Pending, _) => "pending",
    }
}

async fn devices(
    app: &App,
    tx: &Tx,
    rows: &[Model],
) -> Result<HashMap<MemberId, Vec<Reachable>>, Fault> {
    let mut found: HashMap<MemberId, Vec<Reachable>> = HashMap::new();
    for device in device::service::live(app, tx, &members(rows)).await? {
        found.entry(device.member).or_default().push(device);
    }
    Ok(found)
}

fn members(rows: &[Model]) -> Vec<MemberId> {
    let members: HashSet<_> = rows.iter().map(|row| row.member_id).collect();
    members.into_iter().collect()
}

/// What policy looks at for each of these notifications, in their order; each is taken to have a device.
pub(super) async fn facts(
    app: &App,
    db: &impl ConnectionTrait,
    rows: &[Model],
) -> Result<Vec<Facts>, Fault> {
    let now = app.clock.now();
    let standings = profile::service::standings(db, &members(rows)).await?;
    let wanted = still_wanted::still_wanted(db, rows, now).await?;
    let facts = rows.iter().map(|row| {
        let who = standings.get(&row.member_id);
        let keeps = who.filter(|_| !has_its_own_time(row.kind));
        Facts {
            state: row.state,
            not_before: row.not_before,
            expires_at: row.expires_at,
            now,
            away: who.is_none_or(|who| who.hidden),
            wanted: wanted[&row.id],
            devices: 1,
            quiet_until: keeps.and_then(|who| who.quiet.over_at(who.terms.zone, now)),
        }
    });
    Ok(facts.collect())
}
