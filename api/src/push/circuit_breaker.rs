//! The gate: a circuit breaker that stops sending when a quota is used up, a platform is refused, or the configuration
//! is wrong.
//!
//! Each process has its own gate, and learns from an attempt that it must close. `now` is
//! [`crate::clock::Clock::uptime`], so a clock that is set back keeps no gate closed.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entity::DeviceId;
use entity::device::{DeadReason, Platform};

use super::alert::Alert;
use super::outcome::Outcome;

/// A refused platform is tried again after this long.
const PLATFORM_CLOSED: Duration = Duration::from_mins(5);
/// After a wrong configuration, sending is tried again after this long.
const MISCONFIGURED_CLOSED: Duration = Duration::from_mins(1);
/// Refusals of this many different addresses in a row are not the addresses' fault.
const IN_A_ROW: usize = 3;
/// The operator is alerted after this many refusals in a row, even if there are fewer addresses.
const ALERT_AFTER: usize = 5;
/// A mass of gone addresses causes an alert at most this often.
const MASS_ALERT_EVERY: Duration = Duration::from_hours(1);
/// The longest pause that the provider can ask for.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// The gate of a process.
#[derive(Debug, Default)]
pub struct CircuitBreaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    closed_until: Option<Duration>,
    platforms: HashMap<Platform, Duration>,
    misconfigured: Refusals,
    refused: HashMap<Platform, Refusals>,
    mass_alerted_at: Option<Duration>,
}

/// The refusals since the last accepted message, which may be the fault of one address or of everything.
#[derive(Debug, Default)]
struct Refusals {
    addresses: HashSet<DeviceId>,
    count: usize,
}

/// The conclusion from refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suspicion {
    /// It may be this one address: the others go on.
    OneAddress,
    /// It has lasted for a while and no other address got through: alert the operator.
    Persistent,
    /// Everything is affected: close the gate.
    Everybody,
}

impl Refusals {
    fn note(&mut self, device: DeviceId) -> Suspicion {
        self.count = self.count.saturating_add(1);
        if self.addresses.len() < IN_A_ROW {
            self.addresses.insert(device);
        }
        if self.addresses.len() >= IN_A_ROW {
            Suspicion::Everybody
        } else if self.count == ALERT_AFTER {
            Suspicion::Persistent
        } else {
            Suspicion::OneAddress
        }
    }
}

impl CircuitBreaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how long the gate stays closed, or `None` if it is open.
    pub fn opens_in(&self, now: Duration) -> Option<Duration> {
        left(self.state().closed_until, now)
    }

    /// Returns how long the gate stays closed for a platform, or `None` if it is open.
    pub fn opens_for(&self, platform: Platform, now: Duration) -> Option<Duration> {
        let state = self.state();
        let until = state.platforms.get(&platform).copied();
        left(until.max(state.closed_until), now)
    }

    /// Learns from the outcome of an attempt to reach a device. Returns an alert if a person should look.
    pub fn note(
        &self,
        outcome: &Outcome,
        (device, platform): (DeviceId, Platform),
        now: Duration,
    ) -> Option<Alert> {
        self.state().learn(outcome, (device, platform), now)
    }

    /// Learns that a mass of addresses is gone. Returns an alert, at most once an hour while it lasts.
    pub fn note_mass(&self, now: Duration) -> Option<Alert> {
        let mut state = self.state();
        let silent_until = state.mass_alerted_at.map(|at| at + MASS_ALERT_EVERY);
        if left(silent_until, now).is_some() {
            return None;
        }
        state.mass_alerted_at = Some(now);
        Some(Alert::MassDeath)
    }
}

impl State {
    fn learn(
        &mut self,
        outcome: &Outcome,
        (device, platform): (DeviceId, Platform),
        now: Duration,
    ) -> Option<Alert> {
        match outcome {
            Outcome::Accepted { .. } => {
                self.misconfigured = Refusals::default();
                self.refused.remove(&platform);
                None
            }
            Outcome::Dead(reason) => {
                (*reason == DeadReason::SenderMismatch).then_some(Alert::SenderMismatch)
            }
            Outcome::Rejected => Some(Alert::Rejected),
            Outcome::QuotaExceeded { retry_after } => {
                let newly = self.close(now, pause(*retry_after));
                newly.then_some(Alert::QuotaExceeded)
            }
            Outcome::NoAccess {
                retry_after,
                refused,
            } => {
                let newly = self.close(now, pause(*retry_after));
                (newly && *refused).then_some(Alert::AccessRefused)
            }
            Outcome::Misconfigured => match self.misconfigured.note(device) {
                Suspicion::OneAddress => None,
                Suspicion::Persistent => Some(Alert::Misconfigured),
                Suspicion::Everybody => {
                    let newly = self.close(now, MISCONFIGURED_CLOSED);
                    newly.then_some(Alert::Misconfigured)
                }
            },
            Outcome::PlatformRefused => {
                match self.refused.entry(platform).or_default().note(device) {
                    Suspicion::OneAddress => None,
                    Suspicion::Persistent => Some(Alert::PlatformRefused),
                    Suspicion::Everybody => {
                        let before = self.platforms.insert(platform, now + PLATFORM_CLOSED);
                        let newly = before.is_none_or(|until| until <= now);
                        newly.then_some(Alert::PlatformRefused)
                    }
                }
            }
            Outcome::Unavailable { .. } | Outcome::Off => None,
        }
    }

    /// Closes the gate for at least `pause`, without shortening the current closure. Returns whether it was open.
    fn close(&mut self, now: Duration, pause: Duration) -> bool {
        let before = self.closed_until.filter(|until| *until > now);
        self.closed_until = before.max(Some(now + pause));
        before.is_none()
    }
}

fn left(until: Option<Duration>, now: Duration) -> Option<Duration> {
    until?.checked_sub(now).filter(|left| !left.is_zero())
}

fn pause(asked: Duration) -> Duration {
    asked.clamp(Duration::from_secs(1), LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_000 + seconds)
    }

    #[allow(clippy::unnecessary_wraps, reason = "compared with the gate's answers")]
    fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    const ACCEPTED: Outcome = Outcome::Accepted {
        message_id: String::new(),
    };

    fn to(device: u128, platform: Platform) -> (DeviceId, Platform) {
        (DeviceId(Uuid::from_u128(device)), platform)
    }

    #[test]
    fn an_exceeded_quota_stops_all_sending_and_alerts_once() {
        let gate = CircuitBreaker::default();
        let quota = |seconds, now| {
            let retry_after = Duration::from_secs(seconds);
            gate.note(
                &Outcome::QuotaExceeded { retry_after },
                to(1, Platform::Ios),
                now,
            )
        };
        assert_eq!(quota(60, at(0)), Some(Alert::QuotaExceeded));
        assert_eq!(quota(30, at(1)), None);
        assert_eq!(gate.opens_in(at(59)), seconds(1));
        assert_eq!(gate.opens_for(Platform::Android, at(59)), seconds(1));
        assert_eq!(gate.opens_in(at(60)), None);
        assert_eq!(quota(60, at(61)), Some(Alert::QuotaExceeded));
    }

    #[test]
    fn a_refused_platform_stops_only_itself() {
        let gate = CircuitBreaker::default();
        let refused =
            |device| gate.note(&Outcome::PlatformRefused, to(device, Platform::Ios), at(0));
        assert_eq!([1, 2, 2].map(refused), [None; 3]);
        // Success on another platform says nothing about this one.
        gate.note(&ACCEPTED, to(9, Platform::Android), at(0));
        assert_eq!(gate.opens_for(Platform::Ios, at(1)), None);
        assert_eq!(refused(3), Some(Alert::PlatformRefused));
        assert_eq!(refused(4), None);
        assert_eq!(gate.opens_for(Platform::Ios, at(1)), seconds(299));
        assert_eq!(gate.opens_for(Platform::Android, at(1)), None);
        assert_eq!(gate.opens_in(at(1)), None);
    }

    #[test]
    fn one_bad_address_stops_nothing_and_several_in_a_row_stop_all_sending() {
        let gate = CircuitBreaker::default();
        let answer = |outcome, device| gate.note(&outcome, to(device, Platform::Android), at(0));
        for _ in 0..20 {
            assert_eq!(answer(Outcome::Misconfigured, 1), None);
            assert_eq!(answer(Outcome::Misconfigured, 2), None);
            assert_eq!(answer(ACCEPTED, 3), None);
        }
        assert_eq!(gate.opens_in(at(0)), None);
        let closed = [1, 2, 3, 4].map(|device| answer(Outcome::Misconfigured, device));
        assert_eq!(closed, [None, None, Some(Alert::Misconfigured), None]);
        assert_eq!(gate.opens_in(at(0)), seconds(60));
    }

    #[test]
    fn a_single_misconfigured_device_still_alerts_the_operator() {
        let gate = CircuitBreaker::default();
        let alerts = (0..9).filter_map(|second| {
            gate.note(&Outcome::Misconfigured, to(1, Platform::Web), at(second))
        });
        assert_eq!(alerts.collect::<Vec<_>>(), [Alert::Misconfigured]);
        assert_eq!(gate.opens_in(at(9)), None);
    }

    #[test]
    fn a_mass_invalidation_alerts_once_an_hour() {
        let gate = CircuitBreaker::default();
        let alerts = [0, 1, 3_599, 3_600, 3_601].map(|second| gate.note_mass(at(second)));
        let mass = Some(Alert::MassDeath);
        assert_eq!(alerts, [mass, None, None, mass, None]);
    }
}
