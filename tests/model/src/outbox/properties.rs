//! The properties that must hold in every order of events.
//!
//! A message is sent again for one reason only: the provider took it, and this could not be recorded. The model counts
//! these cases as they happen ([`Seen::excused`](super::Seen)). The worker died or froze before it recorded, another
//! worker took the lease because a clock runs ahead, or the provider's answer or the statement that records it was
//! lost. Without a fault there is no such case.

use stateright::Property;

use super::state::{End, JobState, Notification, Request, State, Work};
use super::{MAX_ATTEMPTS, Outbox};

type Is = fn(&Outbox, &State) -> bool;

/// Properties that hold in every state.
const ALWAYS: [(&str, Is); 12] = [
    (
        "nothing_acknowledged_and_nothing_owed_is_lost_to_a_kill",
        |model, state| !is_owed(state) || !model.is_at_rest(state),
    ),
    ("an_acknowledged_request_is_committed", |_, state| {
        state.request != Request::Acknowledged || state.fact
    }),
    ("an_uncommitted_notification_is_not_sent", |_, state| {
        state.fact || state.seen.accepted == 0
    }),
    // The member changes their mind at the last moment.
    (
        "a_withdrawn_notification_that_is_announced_again_is_sent",
        |model, state| !(state.again && is_owed(state) && model.is_at_rest(state)),
    ),
    ("a_push_that_is_no_longer_wanted_is_not_sent", |_, state| {
        !state.seen.unwanted
    }),
    // One send, and one more for each that could not be recorded.
    ("a_push_reaches_every_device_once", |_, state| {
        state.seen.accepted <= 1 + state.seen.excused
            && state.deliveries.iter().flatten().count() <= 1
    }),
    ("a_delivery_is_made_once_by_many_workers", |_, state| {
        let attempts = |all: u8| state.faults > 0 || all <= 1;
        let mut deliveries = state.deliveries.iter().flatten();
        attempts(state.seen.accepted) && deliveries.all(|delivery| attempts(delivery.row.attempts))
    }),
    ("a_lease_lasts_while_its_job_runs", |model, state| {
        let mut jobs = state.jobs.iter().flatten();
        state.faults > 0 || model.kills_its_process || jobs.all(|job| job.row.attempts <= 1)
    }),
    (
        "a_worker_that_was_thought_dead_changes_nothing",
        |_, state| !state.seen.stale,
    ),
    (
        "a_clock_that_is_set_gives_no_row_to_two_workers",
        one_can_record,
    ),
    ("nothing_is_left_half_done", |model, state| {
        is_done(state) || !model.is_at_rest(state)
    }),
    (
        "a_job_that_kills_its_process_is_not_tried_for_ever",
        |model, state| {
            let mut jobs = state.jobs.iter().flatten();
            !model.kills_its_process
                || jobs.all(|job| job.row.attempts <= MAX_ATTEMPTS + 1 + state.faults)
        },
    ),
];

/// States that must be reachable: otherwise the properties above would prove little.
const SOMETIMES: [(&str, Is); 5] = [
    ("it is sent once, recorded and done", |model, state| {
        state.faults == 0 && arrived(state) == Some(1) && model.is_at_rest(state)
    }),
    // One fault is enough for a second message; two are enough for a third.
    ("a_push_is_sent_again_after_a_crash", |_, state| {
        state.faults == 1 && arrived(state) == Some(2)
    }),
    ("it is sent three times after two faults", |model, state| {
        model.faults < 2 || (state.faults == 2 && arrived(state) == Some(3))
    }),
    // Faults do not bound the messages: while clocks differ, each claim by the slower clock can cost another message.
    (
        "it is sent more often than something failed",
        |model, state| {
            let is_apart = model.process_of != [0, 0] && model.faults >= 2;
            !is_apart || state.seen.accepted > 1 + state.faults
        },
    ),
    (
        "a worker that was thought dead comes to record",
        |_, state| state.seen.too_late,
    ),
];

/// States that must be reachable if the member changes their mind.
const SOMETIMES_WITHDRAWN: [(&str, Is); 2] = [
    ("it is withdrawn and not sent", |model, state| {
        state.withdrawn && state.seen.accepted == 0 && is_done(state) && model.is_at_rest(state)
    }),
    ("it is withdrawn, on again and sent", |_, state| {
        state.again && arrived(state) == Some(1)
    }),
];

/// The properties to check for a model.
pub fn all(model: &Outbox) -> Vec<Property<Outbox>> {
    let always = ALWAYS.map(|(name, is)| Property::always(name, is));
    let mut all = always.to_vec();
    if model.without.is_empty() && !model.kills_its_process && model.faults > 0 {
        all.extend(SOMETIMES.map(|(name, is)| Property::sometimes(name, is)));
        if model.is_withdrawn {
            all.extend(SOMETIMES_WITHDRAWN.map(|(name, is)| Property::sometimes(name, is)));
        }
    }
    all
}

/// The cause is committed, the notification is wanted (never withdrawn, or announced again), no job was given up, and
/// the provider took no message.
fn is_owed(state: &State) -> bool {
    let is_wanted = !matches!(
        state.notification,
        Notification::Read | Notification::Cancelled
    );
    let mut jobs = state.jobs.iter().flatten();
    state.fact
        && is_wanted
        && state.seen.accepted == 0
        && !jobs.any(|job| job.state == JobState::Failed)
}

/// At most one of the workers that believe they hold a row can record.
fn one_can_record(model: &Outbox, state: &State) -> bool {
    let deliveries = (0..)
        .zip(state.deliveries.iter().flatten())
        .all(|(row, delivery)| {
            let can = |work: &&Work| match work {
                Work::Delivering(errand) => {
                    errand.claim.row == row && model.may_record(&delivery.row, errand.claim)
                }
                _ => false,
            };
            state.hands.iter().filter(can).count() <= 1
        });
    let jobs = (0..).zip(state.jobs.iter().flatten()).all(|(row, job)| {
        let can = |work: &&Work| match work {
            Work::Planning(claim) | Work::Finishing(claim, _) => {
                claim.row == row && model.may_record(&job.row, *claim)
            }
            _ => false,
        };
        state.hands.iter().filter(can).count() <= 1
    });
    deliveries && jobs
}

/// Every job and every delivery has ended.
fn is_done(state: &State) -> bool {
    let mut jobs = state.jobs.iter().flatten();
    let mut deliveries = state.deliveries.iter().flatten();
    state.request == Request::Acknowledged
        && jobs.all(|job| job.state != JobState::Ready)
        && deliveries.all(|delivery| delivery.end.is_some())
}

/// Returns how often the message was sent, or `None` until everything is done and recorded.
fn arrived(state: &State) -> Option<u8> {
    let mut deliveries = state.deliveries.iter().flatten();
    let is_recorded = deliveries.any(|delivery| delivery.end == Some(End::Accepted));
    (is_recorded && is_done(state)).then_some(state.seen.accepted)
}
