//! Plans deliveries: turns due notifications into deliveries, as the policy allows.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::notification::{Model, SkipReason, State};
use entity::{DeviceId, MemberId, NotificationId, OccurrenceId, PactId};
use sea_orm::ConnectionTrait;

use super::policy::{Facts, Verdict, Wanted, judge};
use super::ring::{may_ring, to_compare};
use super::wait::{Wait, jitter};
use super::{delivery, relevance, store};
use crate::app::App;
use crate::bus::Event;
use crate::device::model::Reachable;
use crate::error::Fault;
use crate::meeting::model::REMIND_BEFORE;
use crate::notification_kind::{Category, Timing, spec};
use crate::outbox::{self, is_in_inbox};
use crate::transact;
use crate::tx::{Done, Tx};
use crate::{device, meeting, pact, profile};

/// Plans one notification. If its push waited, plans all of its category whose wait is over with it. Idempotent.
pub async fn notification(app: &App, id: NotificationId) -> Result<(), Fault> {
    transact!(app, |tx| {
        let now = app.clock.now();
        let rows = match store::by_ids(tx, &[id]).await?.pop() {
            Some(row) if row.held_until.is_some_and(|until| until <= now) => {
                let mut due = store::wait_is_over(tx, row.member_id, now).await?;
                due.retain(|other| spec(other.kind).category == spec(row.kind).category);
                due
            }
            Some(_) => store::pending(tx, id).await?.into_iter().collect(),
            None => Vec::new(),
        };
        if !rows.is_empty() {
            plan(app, tx, &rows).await?;
        }
        Ok(Done::Keep(()))
    })
}

/// Decides on pending notifications, queues the deliveries of those that may leave, and synchronises those that are now
/// in an inbox to members' devices.
pub async fn plan(app: &App, tx: &Tx, rows: &[Model]) -> Result<(), Fault> {
    let devices = devices(app, tx, rows).await?;
    let facts = facts(app, tx, rows).await?;
    let judged = rows.iter().zip(facts).map(|(row, facts)| {
        let devices = reached(&devices, row).count();
        (row, judge(&Facts { devices, ..facts }))
    });
    let judged: Vec<(&Model, Verdict)> = judged.collect();
    let stand_for_others = one_for_each_category(&judged);
    let mut decided = Decided::default();
    for (row, verdict) in judged {
        let state = match verdict {
            Verdict::Deliver => {
                if row.held_until.is_none() || stand_for_others.contains(&row.id) {
                    decided.deliver(row, reached(&devices, row));
                }
                (State::Planned, None)
            }
            Verdict::Skip(reason) => (State::Skipped, Some(reason)),
            // It has been in the inbox, so it stays there.
            Verdict::Cancel if row.held_until.is_some() => (State::Skipped, None),
            Verdict::Cancel => (State::Cancelled, None),
            Verdict::Held(at) => {
                comes_into_the_inbox(tx, row);
                decided.held.entry(at).or_default().push(row.id);
                continue;
            }
            Verdict::NotYet(at) => {
                outbox::plan_later(app, tx, row.id, at).await?;
                continue;
            }
            Verdict::Over => continue,
        };
        if state.0 != State::Cancelled {
            comes_into_the_inbox(tx, row);
        }
        decided.states.entry(state).or_default().push(row.id);
    }
    decided.write(app, tx).await?;
    tx.wake();
    Ok(())
}

/// Synchronises a notification that is in the inbox from now on. Does nothing if it already was.
fn comes_into_the_inbox(tx: &Tx, row: &Model) {
    if is_in_inbox(row) {
        return;
    }
    tx.put(row.member_id, row.id);
    let received = Event::NotificationReceived {
        member: row.member_id,
        notification: row.id,
        at: row.not_before,
    };
    tx.tell(row.member_id, received);
}

/// Returns the waiting notifications that get a push: one per member and category, the most urgent or else the latest.
/// The others are in the inbox beside it.
fn one_for_each_category(judged: &[(&Model, Verdict)]) -> HashSet<NotificationId> {
    let mut first: HashMap<(MemberId, Category), &Model> = HashMap::new();
    let rank = |row: &Model| {
        let spec = spec(row.kind);
        let of_today = spec.timing != Timing::Spread;
        (spec.urgency, of_today, row.not_before, row.id)
    };
    for (row, verdict) in judged {
        if row.held_until.is_none() || *verdict != Verdict::Deliver {
            continue;
        }
        let of_kind = first.entry((row.member_id, spec(row.kind).category));
        let best = of_kind.or_insert(row);
        if rank(row) > rank(best) {
            *best = row;
        }
    }
    first.values().map(|row| row.id).collect()
}

/// The decisions about some notifications.
#[derive(Default)]
struct Decided {
    states: HashMap<(State, Option<SkipReason>), Vec<NotificationId>>,
    held: HashMap<DateTime<Utc>, Vec<NotificationId>>,
    deliveries: Vec<delivery::service::Queued>,
}

impl Decided {
    fn deliver(&mut self, row: &Model, devices: impl Iterator<Item = DeviceId>) {
        let queued = devices.map(|device| delivery::service::Queued {
            notification: row.id,
            device,
            expires_at: row.expires_at,
        });
        self.deliveries.extend(queued);
    }

    async fn write(self, app: &App, tx: &Tx) -> Result<(), Fault> {
        delivery::service::queue(app, tx, &self.deliveries).await?;
        for ((state, reason), ids) in self.states {
            metrics::counter!("belay_notifications_decided_total", "state" => word(state, reason))
                .increment(ids.len() as u64);
            store::decide(tx, &ids, state, reason).await?;
        }
        for (until, ids) in self.held {
            store::delay(tx, &ids, until).await?;
            outbox::plan_all_later(app, tx, &ids, until).await?;
        }
        Ok(())
    }
}

const fn word(state: State, reason: Option<SkipReason>) -> &'static str {
    match (state, reason) {
        (State::Skipped, Some(SkipReason::AlreadyDone)) => "already_done",
        (State::Skipped, Some(SkipReason::NoDevice)) => "no_device",
        (State::Skipped, Some(SkipReason::Expired)) => "expired",
        (State::Skipped, Some(SkipReason::MemberAway)) => "member_away",
        (State::Skipped, Some(SkipReason::InboxOnly)) => "inbox_only",
        (State::Skipped, None) => "no_longer_so",
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

/// Returns the devices on which a notification reaches its member.
fn reached<'a>(
    devices: &'a HashMap<MemberId, Vec<Reachable>>,
    row: &'a Model,
) -> impl Iterator<Item = DeviceId> + 'a {
    let own = devices.get(&row.member_id).into_iter().flatten();
    own.filter(|device| !device.parted || spec(row.kind).reaches_signed_out)
        .map(|device| device.id)
}

fn members(rows: &[Model]) -> Vec<MemberId> {
    let members: HashSet<_> = rows.iter().map(|row| row.member_id).collect();
    members.into_iter().collect()
}

/// Returns the policy's input for each given notification, in the same order. It assumes that each member has a device.
pub(super) async fn facts(
    app: &App,
    db: &impl ConnectionTrait,
    rows: &[Model],
) -> Result<Vec<Facts>, Fault> {
    let now = app.clock.now();
    let contexts = profile::service::contexts(db, &members(rows)).await?;
    let wanted = relevance::wanted(db, rows, now).await?;
    let exceptions = Exceptions::read(db, rows).await?;
    let caused = match to_compare(rows) {
        Some((recipients, by, since)) => store::caused(db, &recipients, &by, since).await?,
        None => Vec::new(),
    };
    let facts = rows.iter().map(|row| {
        let who = contexts.get(&row.member_id);
        let keeps = who.filter(|_| !exceptions.may_wake(row));
        let wait = Wait {
            now,
            quiet_until: keeps.and_then(|who| who.quiet.over_at(who.terms.zone, now)),
            about: (spec(row.kind).timing == Timing::Spread).then_some(row.not_before),
            needed_by: exceptions.needed_by(row),
            expires_at: row.expires_at,
            jitter: jitter(row.member_id, spec(row.kind).category),
        };
        Facts {
            state: row.state,
            not_before: row.not_before,
            expires_at: row.expires_at,
            now,
            away: who.is_none_or(|who| who.hidden),
            // A notification that the member has read meanwhile need not ring.
            wanted: match wanted[&row.id] {
                Wanted::Yes if row.read_at.is_some() => Wanted::Done,
                wanted => wanted,
            },
            rings: may_ring(row, &caused),
            devices: 1,
            hold_until: wait.leaves_at(),
        }
    });
    Ok(facts.collect())
}

/// Exceptions for notifications that do not wait for the end of quiet hours, or not as long.
struct Exceptions {
    /// The starts of the meetings that the notifications are about.
    starts: HashMap<OccurrenceId, DateTime<Utc>>,
    /// The members who let their partner in a pact wake them.
    woken: HashSet<(PactId, MemberId)>,
}

impl Exceptions {
    /// Reads the exceptions, in one statement per type of subject.
    async fn read(db: &impl ConnectionTrait, rows: &[Model]) -> Result<Self, Fault> {
        let (mut occurrences, mut sides) = (Vec::new(), Vec::new());
        for row in rows {
            match spec(row.kind).timing {
                Timing::BeforeMeeting => occurrences.extend(row.subject_id.map(OccurrenceId)),
                Timing::MayWake => {
                    sides.extend(row.subject_id.map(|id| (PactId(id), row.member_id)));
                }
                Timing::AnyHour | Timing::Quiet | Timing::Spread => {}
            }
        }
        Ok(Self {
            starts: meeting::service::starts_of(db, &occurrences).await?,
            woken: pact::service::who_can_be_woken(db, &sides).await?,
        })
    }

    fn may_wake(&self, row: &Model) -> bool {
        let side = row.subject_id.map(|id| (PactId(id), row.member_id));
        match spec(row.kind).timing {
            Timing::AnyHour => true,
            Timing::MayWake => side.is_some_and(|side| self.woken.contains(&side)),
            Timing::Quiet | Timing::BeforeMeeting | Timing::Spread => false,
        }
    }

    /// Returns when the member must know about a change of a meeting: when its reminder would have come.
    fn needed_by(&self, row: &Model) -> Option<DateTime<Utc>> {
        let tells = spec(row.kind).timing == Timing::BeforeMeeting;
        let occurrence = row.subject_id.filter(|_| tells).map(OccurrenceId)?;
        let starts_at = *self.starts.get(&occurrence)?;
        Some(starts_at - REMIND_BEFORE)
    }
}
