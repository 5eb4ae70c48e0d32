//! The delivery pipeline: deliveries are queued with their plan, claimed under a lease, checked again, sent with no
//! transaction open, and recorded in bulk.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use entity::notification::SkipReason;
use entity::push_delivery::{DeliveryState, Model};
use entity::{DeviceId, LeaseHolder, NotificationId};
use futures::stream::{self, StreamExt as _};
use sea_orm::ConnectionTrait;

use super::settle::{Circumstances, Life, RETRY_BASE, RETRY_CAP, Settled, put_off, settle};
use super::store::{self, Recorded};
use super::tally_store as tally;
use super::trial::{TRIAL, TRIAL_CAP};
use super::verdict;
use crate::app::App;
use crate::db::SLICE;
use crate::device::model::Reachable;
use crate::error::Fault;
use crate::jobs::backoff;
use crate::notification::check::Checked;
use crate::notification::policy::Verdict;
use crate::notification_kind::spec;
use crate::push::Outcome;
use crate::push::alert::platform_word;
use crate::push::message::{Rendered, render};
use crate::{device, notification};

/// A notification to deliver to a device.
#[derive(Clone, Copy, Debug)]
pub struct Queued {
    /// The notification.
    pub notification: NotificationId,
    /// The device.
    pub device: DeviceId,
    /// The instant from which it may no longer be sent.
    pub expires_at: DateTime<Utc>,
}

/// Queues deliveries in the transaction that plans them. Idempotent per notification and device.
pub async fn queue(app: &App, db: &impl ConnectionTrait, queued: &[Queued]) -> Result<(), Fault> {
    store::add(app, db, queued).await
}

/// Returns when the next delivery can be claimed. None can be while the gate is closed.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    let next = store::next_due(app.db.pool()).await?;
    let opens_in = app.push.gate.opens_in(app.clock.uptime());
    let open_at = opens_in.map(|wait| app.clock.now() + wait);
    Ok(next.map(|next| open_at.map_or(next, |open| open.max(next))))
}

/// Claims one batch of due deliveries and sends them. Returns the number claimed.
pub async fn deliver_due(app: &App, holder: LeaseHolder) -> Result<usize, Fault> {
    let now = app.clock.now();
    if app.push.gate.opens_in(app.clock.uptime()).is_some() {
        return Ok(0);
    }
    let db = app.db.pool();
    let worker = &app.config.worker;
    let lease = TimeDelta::seconds(worker.lease_seconds.into());
    // Deliveries that are not sent within half the lease are put back, so that no other worker claims them during an
    // attempt.
    let stop_at = Instant::now() + Duration::from_secs(worker.lease_seconds.into()) / 2;
    let claimed = store::claim(db, holder, (now, lease), worker.delivery_batch).await?;
    let count = claimed.len();
    if count == 0 {
        return Ok(0);
    }
    let (attempts, mut recorded) = recheck(app, claimed).await?;
    let at_once = app.push.transport.capacity().clamp(1, count);
    let sent: Vec<Sent> = stream::iter(attempts)
        .map(|attempt| send(app, attempt, stop_at))
        .buffer_unordered(at_once)
        .collect()
        .await;
    recorded.extend(conclude(app, holder, sent).await);
    let taken = recorded.len() as u64;
    let written = store::record(db, app.clock.now(), recorded).await?;
    metrics::counter!("belay_push_taken_over_total").increment(taken.saturating_sub(written));
    Ok(count)
}

/// A delivery that may be sent now.
struct Attempt {
    delivery: Model,
    device: Reachable,
    nudge: Rendered,
}

/// Checks again before sending: since the plan, the member may have acted, left or changed their phone.
async fn recheck(app: &App, claimed: Vec<Model>) -> Result<(Vec<Attempt>, Vec<Recorded>), Fault> {
    let db = app.db.pool();
    let notifications = distinct(claimed.iter().map(|row| row.notification_id));
    let checked = notification::check::check(app, db, &notifications).await?;
    let checked: HashMap<_, _> = checked.into_iter().map(|it| (it.id, it)).collect();
    let devices = distinct(claimed.iter().map(|row| row.device_id));
    let live = device::service::live_among(app, db, &devices).await?;
    let live: HashMap<_, _> = live.into_iter().map(|it| (it.id, it)).collect();

    let now = app.clock.now();
    let mut attempts = Vec::new();
    let mut ended = Vec::new();
    let mut on_trial = HashSet::new();
    for delivery in claimed {
        let checked = checked.get(&delivery.notification_id);
        let device = live.get(&delivery.device_id);
        match allowed(&delivery, checked, device, now) {
            // One delivery tries the address. The others wait for its outcome.
            Ok((_, device)) if device.doubted_at.is_some() && !on_trial.insert(device.id) => {
                let settled = put_off(Life::of(&delivery, device), now + RETRY_BASE, "on_trial");
                ended.push((delivery, settled));
            }
            Ok((checked, device)) => attempts.push(Attempt {
                nudge: render(checked.id, checked.kind, now, checked.expires_at),
                device: device.clone(),
                delivery,
            }),
            Err(end) => ended.push((delivery, end)),
        }
    }
    Ok((attempts, ended))
}

fn distinct<T: Eq + std::hash::Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.collect::<HashSet<_>>().into_iter().collect()
}

/// Returns what a delivery needs to be sent, or how it ends if it may not be.
fn allowed<'a>(
    delivery: &Model,
    checked: Option<&'a Checked>,
    device: Option<&'a Reachable>,
    now: DateTime<Utc>,
) -> Result<(&'a Checked, &'a Reachable), Settled> {
    let skipped = |reason| Err(Settled::end(DeliveryState::Skipped, reason));
    let Some(checked) = checked else {
        return skipped("cancelled");
    };
    match (checked.verdict, device) {
        (Verdict::Skip(SkipReason::Expired), _) => {
            Err(Settled::end(DeliveryState::Expired, "expired"))
        }
        (Verdict::Skip(SkipReason::AlreadyDone), _) => skipped("already_done"),
        (Verdict::Skip(SkipReason::MemberAway), _) => skipped("member_away"),
        (Verdict::Skip(SkipReason::InboxOnly), _) => skipped("inbox_only"),
        (Verdict::Cancel | Verdict::Over, _) => skipped("cancelled"),
        (Verdict::NotYet(at) | Verdict::Held(at), _) => Err(Settled::later(at, "quiet_hours")),
        (Verdict::Skip(SkipReason::NoDevice), _) | (Verdict::Deliver, None) => {
            skipped("device_not_live")
        }
        (Verdict::Deliver, Some(device))
            if device.parted && !spec(checked.kind).reaches_signed_out =>
        {
            skipped("device_not_live")
        }
        (Verdict::Deliver, Some(device)) => {
            let tried_at = device.doubted_at.map(|at| at + TRIAL);
            match tried_at.filter(|at| *at > now) {
                Some(at) => Err(put_off(Life::of(delivery, device), at, "on_trial")),
                None => Ok((checked, device)),
            }
        }
    }
}

/// An attempt with its outcome. The outcome is `None` if the gate closed, or time ran out, before its turn.
struct Sent {
    attempt: Attempt,
    outcome: Option<Outcome>,
}

async fn send(app: &App, attempt: Attempt, stop_at: Instant) -> Sent {
    let platform = attempt.device.platform;
    let gate = &app.push.gate;
    let closed = gate.opens_for(platform, app.clock.uptime()).is_some();
    if closed || Instant::now() >= stop_at {
        let outcome = None;
        return Sent { attempt, outcome };
    }
    let (address, nudge) = (&attempt.device.address, &attempt.nudge);
    let outcome = app.push.transport.send(address, platform, nudge).await;
    metrics::counter!(
        "belay_push_outcomes_total",
        "outcome" => outcome.label(), "platform" => platform_word(platform)
    )
    .increment(1);
    let to = (attempt.device.id, platform);
    if let Some(alert) = gate.note(&outcome, to, app.clock.uptime()) {
        alert.tell(Some(platform));
    }
    let outcome = Some(outcome);
    Sent { attempt, outcome }
}

/// Judges the addresses, and returns what to record for each delivery.
///
/// If the database is unavailable for the judgement, deliveries to addresses that are reported gone stay under their
/// lease. The provider will report it again once the lease ends. The rest of the batch must be recorded anyway, or it
/// would be sent twice.
async fn conclude(app: &App, holder: LeaseHolder, sent: Vec<Sent>) -> Vec<Recorded> {
    let (now, uptime) = (app.clock.now(), app.clock.uptime());
    let answers = sent.iter().filter_map(|sent| {
        let outcome = sent.outcome.as_ref()?;
        Some((&sent.attempt.device, outcome))
    });
    let judged = verdict::judge(app, holder, &answers.collect::<Vec<_>>()).await;
    if let Err(fault) = &judged {
        tracing::error!(class = fault.class(), "addresses could not be judged");
    }
    let mut recorded = Vec::with_capacity(sent.len());
    for Sent { attempt, outcome } in sent {
        let Attempt {
            delivery, device, ..
        } = attempt;
        let life = Life::of(&delivery, &device);
        let opens_in = app.push.gate.opens_for(device.platform, uptime);
        let open_at = opens_in.map(|wait| now + wait);
        let settled = match (&outcome, &judged) {
            (None, _) => put_off(life, open_at.unwrap_or(now), "put_back"),
            (Some(Outcome::Dead(_)), Err(_)) => continue,
            (Some(outcome), judged) => {
                let attempts = u32::try_from(delivery.attempts).unwrap_or(1);
                let wait = |base, cap| backoff(&app.entropy, attempts, base, cap);
                let seen = Circumstances {
                    life,
                    now,
                    wait: wait(RETRY_BASE, RETRY_CAP),
                    trial: wait(TRIAL, TRIAL_CAP),
                    open_at,
                    gives_up: judged.as_ref().is_ok_and(|gone| gone.contains(&device.id)),
                };
                settle(outcome, &seen)
            }
        };
        recorded.push((delivery, settled));
    }
    recorded
}

/// Removes one batch of old answers of the provider. Returns whether there may be more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let removed = tally::forget(app.db.pool(), app.clock.now()).await?;
    Ok(removed == SLICE)
}
