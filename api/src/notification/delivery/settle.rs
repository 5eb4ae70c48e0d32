//! Decides what happens to a delivery after an attempt.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::push_delivery::{DeliveryState, Model};

use crate::device::model::Reachable;
use crate::push::Outcome;

/// The shortest wait before a retry.
pub const RETRY_BASE: Duration = Duration::from_secs(10);
/// The cap of a retry's wait if the provider names none. Jitter adds up to half of it.
pub const RETRY_CAP: Duration = Duration::from_mins(10);
/// A delivery that keeps failing is given up after this time.
const GIVEN_UP_AFTER: TimeDelta = TimeDelta::minutes(60);

/// The result to record for a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The new state.
    pub state: DeliveryState,
    /// The reason, for the operator.
    pub reason: Option<&'static str>,
    /// When it is due again, or `None` if it is not.
    pub due_at: Option<DateTime<Utc>>,
    /// The provider's id of the message.
    pub message_id: Option<String>,
}

impl Settled {
    /// The final result of a delivery.
    pub const fn end(state: DeliveryState, reason: &'static str) -> Self {
        Self {
            state,
            reason: Some(reason),
            due_at: None,
            message_id: None,
        }
    }

    /// A delivery that waits until an instant, which must be before it expires.
    pub const fn later(at: DateTime<Utc>, reason: &'static str) -> Self {
        Self {
            state: DeliveryState::Retrying,
            reason: Some(reason),
            due_at: Some(at),
            message_id: None,
        }
    }
}

/// The time limits of a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// It is not tried again after this instant.
    pub tried_until: DateTime<Utc>,
    /// It is not sent from this instant on.
    pub expires_at: DateTime<Utc>,
}

impl Life {
    /// Returns the time limits of a delivery to a device.
    pub fn of(delivery: &Model, device: &Reachable) -> Self {
        let life = Self {
            tried_until: delivery.created_at + GIVEN_UP_AFTER,
            expires_at: delivery.expires_at,
        };
        if device.doubted_at.is_some() {
            life.patient()
        } else {
            life
        }
    }

    /// The limits for an address on trial: its deliveries wait until they expire.
    const fn patient(self) -> Self {
        Self {
            tried_until: self.expires_at,
            ..self
        }
    }
}

/// Postpones a delivery until `at`, or ends it if that is too late.
pub fn put_off(life: Life, at: DateTime<Utc>, reason: &'static str) -> Settled {
    if at >= life.expires_at {
        return Settled::end(DeliveryState::Expired, reason);
    }
    if at > life.tried_until {
        return Settled::end(DeliveryState::Undelivered, reason);
    }
    Settled::later(at, reason)
}

/// The circumstances of an outcome.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The time limits of the delivery.
    pub life: Life,
    /// The current instant.
    pub now: DateTime<Utc>,
    /// The wait before a retry if the provider does not name one.
    pub wait: Duration,
    /// The wait for an address on trial.
    pub trial: Duration,
    /// When the gate opens again for this platform, or `None` if it is open.
    pub open_at: Option<DateTime<Utc>>,
    /// Whether to give up the address if the provider says that it is gone.
    pub gives_up: bool,
}

/// Decides what happens to a delivery after an outcome.
pub fn settle(outcome: &Outcome, seen: &Circumstances) -> Settled {
    let reason = outcome.label();
    let retry = |after: Duration| {
        let after = TimeDelta::from_std(after.max(RETRY_BASE)).unwrap_or(GIVEN_UP_AFTER * 2);
        let at = seen.now + after.min(GIVEN_UP_AFTER * 2);
        put_off(
            seen.life,
            seen.open_at.map_or(at, |open| open.max(at)),
            reason,
        )
    };
    match outcome {
        Outcome::Accepted { message_id } => Settled {
            state: DeliveryState::Accepted,
            reason: None,
            due_at: None,
            message_id: Some(message_id.clone()),
        },
        Outcome::Dead(_) if seen.gives_up => Settled::end(DeliveryState::Dead, reason),
        Outcome::Dead(_) => put_off(seen.life.patient(), seen.now + seen.trial, reason),
        Outcome::Rejected => Settled::end(DeliveryState::Undelivered, reason),
        Outcome::Off => Settled::end(DeliveryState::Skipped, reason),
        Outcome::QuotaExceeded { retry_after } | Outcome::NoAccess { retry_after, .. } => {
            retry(*retry_after)
        }
        Outcome::Unavailable { retry_after } => retry(retry_after.unwrap_or(seen.wait)),
        Outcome::PlatformRefused | Outcome::Misconfigured => retry(seen.wait),
    }
}

#[cfg(test)]
mod tests {
    use entity::device::DeadReason;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000, 0).unwrap()
    }

    fn circumstances() -> Circumstances {
        Circumstances {
            life: Life {
                tried_until: now() + GIVEN_UP_AFTER,
                expires_at: now() + TimeDelta::hours(4),
            },
            now: now(),
            wait: Duration::from_secs(12),
            trial: Duration::from_mins(12),
            open_at: None,
            gives_up: true,
        }
    }

    fn due_in(settled: &Settled) -> i64 {
        assert_eq!(settled.state, DeliveryState::Retrying);
        (settled.due_at.unwrap() - now()).num_seconds()
    }

    #[test]
    fn each_final_outcome_has_its_state() {
        let accepted = Outcome::Accepted {
            message_id: "m1".to_owned(),
        };
        let settled = settle(&accepted, &circumstances());
        assert_eq!(settled.state, DeliveryState::Accepted);
        assert_eq!(settled.message_id.as_deref(), Some("m1"));
        for reason in [
            DeadReason::Unregistered,
            DeadReason::InvalidAddress,
            DeadReason::SenderMismatch,
        ] {
            let dead = Outcome::Dead(reason);
            assert_eq!(settle(&dead, &circumstances()).state, DeliveryState::Dead);
        }
        let state = |outcome| settle(&outcome, &circumstances()).state;
        assert_eq!(state(Outcome::Rejected), DeliveryState::Undelivered);
        assert_eq!(state(Outcome::Off), DeliveryState::Skipped);
    }

    #[test]
    fn a_delivery_to_an_address_on_trial_waits_until_it_expires() {
        let dead = Outcome::Dead(DeadReason::Unregistered);
        let on_trial = |minutes_on| Circumstances {
            now: now() + TimeDelta::minutes(minutes_on),
            gives_up: false,
            ..circumstances()
        };
        assert_eq!(due_in(&settle(&dead, &on_trial(0))), 720);
        assert_eq!(due_in(&settle(&dead, &on_trial(200))), 212 * 60);
        let state = settle(&dead, &on_trial(229)).state;
        assert_eq!(state, DeliveryState::Expired);
    }

    #[test]
    fn a_retry_waits_as_requested_and_at_least_ten_seconds() {
        let unavailable = |seconds: Option<u64>| {
            let retry_after = seconds.map(Duration::from_secs);
            due_in(&settle(
                &Outcome::Unavailable { retry_after },
                &circumstances(),
            ))
        };
        assert_eq!(unavailable(None), 12);
        assert_eq!(unavailable(Some(90)), 90);
        assert_eq!(unavailable(Some(1)), 10);
        let quota = Outcome::QuotaExceeded {
            retry_after: Duration::from_mins(1),
        };
        assert_eq!(due_in(&settle(&quota, &circumstances())), 60);
        let closed = Circumstances {
            open_at: Some(now() + TimeDelta::minutes(5)),
            ..circumstances()
        };
        assert_eq!(due_in(&settle(&Outcome::PlatformRefused, &closed)), 300);
        assert_eq!(
            due_in(&settle(&Outcome::Misconfigured, &circumstances())),
            12
        );
    }

    #[test]
    fn a_retry_after_the_deadline_is_dropped() {
        let life = circumstances().life;
        let at = |life, minutes| put_off(life, now() + TimeDelta::minutes(minutes), "unavailable");
        assert_eq!(at(life, 60).state, DeliveryState::Retrying);
        assert_eq!(at(life, 61).state, DeliveryState::Undelivered);
        let short = Life {
            expires_at: now() + TimeDelta::minutes(5),
            ..life
        };
        assert_eq!(at(short, 4).state, DeliveryState::Retrying);
        assert_eq!(at(short, 5).state, DeliveryState::Expired);
        let for_ever = Outcome::Unavailable {
            retry_after: Some(Duration::MAX),
        };
        let settled = settle(&for_ever, &circumstances());
        assert_eq!(settled.state, DeliveryState::Undelivered);
    }
}
