//! The pipeline of deliveries: queued with their plan, claimed under a lease, asked about once more, sent with
//! no transaction open, recorded in bulk.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use entity::device::{DeadReason, Platform};
use entity::notification::SkipReason;
use entity::push_delivery::{DeliveryState, Model};
use entity::{DeviceId, LeaseHolder, NotificationId};
use futures::stream::{self, StreamExt as _};
use sea_orm::ConnectionTrait;

use super::gate::Alert;
use super::message::{Nudge, render};
use super::model::{Circumstances, Life, Outcome, RETRY_BASE, RETRY_CAP, Settled, put_off, settle};
use super::store::{self, Recorded};
use crate::app::App;
use crate::device::model::Reachable;
use crate::error::Fault;
use crate::jobs::backoff;
use crate::nudge::model::{Verdict, is_about_account};
use crate::nudge::service::Checked;
use crate::{device, nudge};

/// A notification that is to reach a device.
#[derive(Clone, Copy, Debug)]
pub struct Queued {
    /// What.
    pub notification: NotificationId,
    /// Where.
    pub device: DeviceId,
    /// Not to be sent from then on.
    pub expires_at: DateTime<Utc>,
}

/// Queues deliveries in the transaction that plans them; queued again they are not doubled.
pub async fn queue(app: &App, db: &impl ConnectionTrait, queued: &[Queued]) -> Result<(), Fault> {
    store::add(app, db, queued).await
}

/// When the next delivery can be taken up: not while the sender is closed.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    let next = store::next_due(app.db.pool()).await?;
    let opens_in = app.push.gate.opens_in(app.clock.uptime());
    let open_at = opens_in.map(|wait| app.clock.now() + wait);
    Ok(next.map(|next| open_at.map_or(next, |open| open.max(next))))
}

/// Takes one batch of deliveries that are due, and sends them. Returns how many there were.
pub async fn deliver_due(app: &App, holder: LeaseHolder) -> Result<usize, Fault> {
    let now = app.clock.now();
    if app.push.gate.opens_in(app.clock.uptime()).is_some() {
        return Ok(0);
    }
    let db = app.db.pool();
    let worker = &app.config.worker;
    let lease = TimeDelta::seconds(worker.lease_seconds.into());
    // What is not sent in half the lease is put back, so that nobody takes it over while it is sent.
    let stop_at = Instant::now() + Duration::from_secs(worker.lease_seconds.into()) / 2;
    let claimed = store::claim(db, holder, now, lease, worker.delivery_batch).await?;
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
    recorded.extend(conclude(app, sent).await);
    let taken = recorded.len() as u64;
    let written = store::record(db, app.clock.now(), recorded).await?;
    metrics::counter!("belay_push_taken_over_total").increment(taken.saturating_sub(written));
    Ok(count)
}

/// A delivery that may leave now.
struct Attempt {
    delivery: Model,
    device: Reachable,
    nudge: Nudge,
}

/// Asks once more: between plan and sending the member may have done it, left, or changed his phone.
async fn recheck(app: &App, claimed: Vec<Model>) -> Result<(Vec<Attempt>, Vec<Recorded>), Fault> {
    let db = app.db.pool();
    let notifications = distinct(claimed.iter().map(|row| row.notification_id));
    let checked = nudge::service::check(app, db, &notifications).await?;
    let checked: HashMap<_, _> = checked.into_iter().map(|it| (it.id, it)).collect();
    let devices = distinct(claimed.iter().map(|row| row.device_id));
    let live = device::service::live_among(app, db, &devices).await?;
    let live: HashMap<_, _> = live.into_iter().map(|it| (it.id, it)).collect();

    let now = app.clock.now();
    let mut attempts = Vec::new();
    let mut ended = Vec::new();
    for delivery in claimed {
        let checked = checked.get(&delivery.notification_id);
        let device = live.get(&delivery.device_id);
        match allowed(checked, device) {
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

/// Whether a delivery may leave, and how it ends if not.
fn allowed<'a>(
    checked: Option<&'a Checked>,
    device: Option<&'a Reachable>,
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
        (Verdict::Deliver, Some(device)) if device.parted && !is_about_account(checked.kind) => {
            skipped("device_not_live")
        }
        (Verdict::Deliver, Some(device)) => Ok((checked, device)),
    }
}

/// An attempt and what became of it; no outcome when the sender closed, or time was up, before its turn.
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
        "outcome" => outcome.label(), "platform" => word(platform)
    )
    .increment(1);
    let to = (attempt.device.id, platform);
    if let Some(alert) = gate.note(&outcome, to, app.clock.uptime()) {
        tell(alert, platform);
    }
    let outcome = Some(outcome);
    Sent { attempt, outcome }
}

const fn word(platform: Platform) -> &'static str {
    match platform {
        Platform::Ios => "ios",
        Platform::Android => "android",
        Platform::Web => "web",
    }
}

/// Tells the operator what needs a person.
fn tell(alert: Alert, platform: Platform) {
    let (name, text) = match alert {
        Alert::QuotaExceeded => (
            "quota_exceeded",
            "pushes pause: the provider's quota is used up",
        ),
        Alert::PlatformRefused => (
            "platform_refused",
            "the push provider has no valid credentials for this platform: upload them in its console",
        ),
        Alert::Misconfigured => (
            "misconfigured",
            "the push project, its URL or the service account's rights are wrong: see `belay doctor`",
        ),
        Alert::AccessRefused => (
            "access_refused",
            "the push provider refuses the configured credentials: see `belay doctor`",
        ),
        Alert::SenderMismatch => (
            "sender_mismatch",
            "an app of another push project registered here",
        ),
        Alert::Rejected => ("rejected", "the push provider does not take a message"),
        Alert::MassDeath => (
            "mass_death",
            "push addresses seem to die in masses: none is given up until that ends",
        ),
    };
    metrics::counter!("belay_push_alerts_total", "alert" => name).increment(1);
    tracing::error!(alert = name, platform = word(platform), "{text}");
}

/// Gives up the addresses that died, and says what is to be written down about each delivery. Comes when the
/// whole batch has been answered, so that deaths in masses are seen before the first address is given up.
async fn conclude(app: &App, sent: Vec<Sent>) -> Vec<Recorded> {
    let (now, uptime) = (app.clock.now(), app.clock.uptime());
    let gate = &app.push.gate;
    let spared = gate.spares(uptime);
    let mut recorded = Vec::with_capacity(sent.len());
    let mut is_away = false;
    for Sent { attempt, outcome } in sent {
        let Attempt {
            delivery, device, ..
        } = attempt;
        let life = Life {
            created_at: delivery.created_at,
            expires_at: delivery.expires_at,
        };
        let opens_in = gate.opens_for(device.platform, uptime);
        let open_at = opens_in.map(|wait| now + wait);
        let settled = match &outcome {
            None => put_off(life, open_at.unwrap_or(now), "put_back"),
            Some(outcome) => {
                if let Outcome::Dead(reason) = outcome
                    && !spared
                {
                    // The database may be away: it is not asked for each of them.
                    is_away = is_away || !given_up(app, &device, *reason).await;
                    if is_away {
                        continue;
                    }
                }
                let attempts = u32::try_from(delivery.attempts).unwrap_or(1);
                let seen = Circumstances {
                    life,
                    now,
                    wait: backoff(&app.entropy, attempts, RETRY_BASE, RETRY_CAP),
                    open_at,
                    spared,
                };
                settle(outcome, &seen)
            }
        };
        recorded.push((delivery, settled));
    }
    recorded
}

/// Gives up an address. If that fails its delivery is left under its lease, after which the provider says it again: what
/// the others of the batch got must be recorded all the same, or they would get it twice.
async fn given_up(app: &App, device: &Reachable, reason: DeadReason) -> bool {
    let db = app.db.pool();
    let marked = device::service::mark_dead(app, db, device.id, &device.address, reason).await;
    if let Err(fault) = &marked {
        tracing::error!(class = fault.class(), "an address could not be given up");
    }
    marked.is_ok()
}
