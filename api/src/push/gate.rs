//! When nothing may be sent: a quota is used up, a platform is refused, something is set up wrongly. Each
//! process has a gate of its own, and finds out that it is closed by knocking once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::device::{DeadReason, Platform};

use super::deaths::Deaths;
use super::model::Outcome;

/// A platform that is refused is tried again after this long.
const PLATFORM_CLOSED: TimeDelta = TimeDelta::minutes(5);
/// A sender that is set up wrongly is tried again after this long.
const MISCONFIGURED_CLOSED: TimeDelta = TimeDelta::minutes(1);
/// The provider cannot ask for a longer pause than this.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// What a person should hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// The provider's quota is used up.
    QuotaExceeded,
    /// The provider has no valid credentials for a platform.
    PlatformRefused,
    /// The project, its URL or our rights are wrong.
    Misconfigured,
    /// Our credentials are refused.
    AccessRefused,
    /// An app of another project registered here.
    SenderMismatch,
    /// The provider does not take a message of ours.
    Rejected,
    /// Addresses seem to die in masses; no more are given up.
    MassDeath,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Gate(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    closed_until: Option<DateTime<Utc>>,
    platforms: HashMap<Platform, DateTime<Utc>>,
    deaths: Deaths,
    sparing: bool,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When anything may be sent again; none when it may now.
    pub fn open_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.state().closed_until.filter(|until| *until > now)
    }

    /// When something may be sent to a platform again; none when it may now.
    pub fn open_for(&self, platform: Platform, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let state = self.state();
        let until = state.platforms.get(&platform).copied();
        until.max(state.closed_until).filter(|until| *until > now)
    }

    /// Whether addresses are spared, because too many seem to have died of late.
    pub fn spares(&self, now: DateTime<Utc>) -> bool {
        self.state().deaths.too_many(now)
    }

    /// Learns from an outcome; returns what a person should hear of.
    pub fn note(&self, outcome: &Outcome, platform: Platform, now: DateTime<Utc>) -> Option<Alert> {
        let mut state = self.state();
        let alert = state.learn(outcome, platform, now);
        let sparing = state.deaths.too_many(now);
        let before = std::mem::replace(&mut state.sparing, sparing);
        if sparing && !before {
            Some(Alert::MassDeath)
        } else {
            alert
        }
    }
}

impl State {
    fn learn(
        &mut self,
        outcome: &Outcome,
        platform: Platform,
        now: DateTime<Utc>,
    ) -> Option<Alert> {
        match outcome {
            Outcome::Accepted { .. } => {
                self.deaths.note(now, false);
                None
            }
            Outcome::Dead(reason) => {
                self.deaths.note(now, true);
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
            Outcome::Misconfigured => {
                let newly = self.close(now, MISCONFIGURED_CLOSED);
                newly.then_some(Alert::Misconfigured)
            }
            Outcome::PlatformRefused => {
                let before = self.platforms.insert(platform, now + PLATFORM_CLOSED);
                let newly = before.is_none_or(|until| until <= now);
                newly.then_some(Alert::PlatformRefused)
            }
            Outcome::Unavailable { .. } | Outcome::Off => None,
        }
    }

    /// Closes for so long, or as long as it was closed for already; whether it had been open.
    fn close(&mut self, now: DateTime<Utc>, pause: TimeDelta) -> bool {
        let before = self.closed_until.filter(|until| *until > now);
        self.closed_until = before.max(Some(now + pause));
        before.is_none()
    }
}

fn pause(asked: Duration) -> TimeDelta {
    let asked = TimeDelta::from_std(asked).unwrap_or(LONGEST_PAUSE);
    asked.clamp(TimeDelta::seconds(1), LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000 + seconds, 0).unwrap()
    }

    #[test]
    fn a_quota_closes_for_all_and_is_told_once() {
        let gate = Gate::default();
        let quota = |seconds, now| {
            let retry_after = Duration::from_secs(seconds);
            gate.note(&Outcome::QuotaExceeded { retry_after }, Platform::Ios, now)
        };
        assert_eq!(quota(60, at(0)), Some(Alert::QuotaExceeded));
        assert_eq!(quota(30, at(1)), None);
        assert_eq!(gate.open_at(at(59)), Some(at(60)));
        assert_eq!(gate.open_for(Platform::Android, at(59)), Some(at(60)));
        assert_eq!(gate.open_at(at(60)), None);
        assert_eq!(quota(60, at(61)), Some(Alert::QuotaExceeded));
    }

    #[test]
    fn a_refused_platform_closes_for_itself_alone() {
        let gate = Gate::default();
        let refused = gate.note(&Outcome::PlatformRefused, Platform::Ios, at(0));
        assert_eq!(refused, Some(Alert::PlatformRefused));
        assert_eq!(gate.open_for(Platform::Ios, at(1)), Some(at(300)));
        assert_eq!(gate.open_for(Platform::Android, at(1)), None);
        assert_eq!(gate.open_at(at(1)), None);
    }

    #[test]
    fn deaths_in_masses_are_told_once_and_spare_addresses() {
        let gate = Gate::default();
        let dead = Outcome::Dead(DeadReason::Unregistered);
        let note = || gate.note(&dead, Platform::Android, at(0));
        assert!((0..20).all(|_| note().is_none()));
        assert!(!gate.spares(at(0)));
        assert_eq!(note(), Some(Alert::MassDeath));
        assert_eq!(note(), None);
        assert!(gate.spares(at(0)));
        assert!(!gate.spares(at(300)));
    }
}
