//! The one door through which the time of day comes in.
//!
//! Everything that is due, expires or is dated asks a [`Clock`], so that a test can stand still and a
//! developer can travel. How long a thing took is another matter: that is `std::time::Instant`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

/// Tells the time, UTC, in whole microseconds: what PostgreSQL keeps, so that an instant read back
/// equals the one written.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Ticks on, so many microseconds away from the system's time.
    Shifted(Arc<AtomicI64>),
    /// Stands still, at so many microseconds since the epoch.
    Manual(Arc<AtomicI64>),
}

/// Why a clock could not be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFault {
    /// This clock is the system's.
    NotMovable,
    /// Time goes forward only: what happened has happened.
    Backward,
}

impl Clock {
    /// The time of this machine.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Starts at `at` and ticks on from there; can be moved.
    pub fn starting_at(at: DateTime<Utc>) -> Self {
        let shift = at.timestamp_micros() - system_now().timestamp_micros();
        Self(Source::Shifted(Arc::new(AtomicI64::new(shift))))
    }

    /// Stands at `at` until it is moved.
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(
            at.timestamp_micros(),
        ))))
    }

    /// The instant now.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => system_now(),
            Source::Shifted(shift) => {
                system_now() + TimeDelta::microseconds(shift.load(Ordering::Relaxed))
            }
            Source::Manual(at) => {
                DateTime::from_timestamp_micros(at.load(Ordering::Relaxed)).unwrap_or_default()
            }
        }
    }

    /// Moves to `to`, which must not lie before now.
    pub fn set(&self, to: DateTime<Utc>) -> Result<(), ClockFault> {
        let by = to - self.now();
        if by < TimeDelta::zero() {
            return Err(ClockFault::Backward);
        }
        self.advance(by)
    }

    /// Moves on by `by`, which must not be negative.
    pub fn advance(&self, by: TimeDelta) -> Result<(), ClockFault> {
        let by = by.num_microseconds().filter(|by| *by >= 0);
        match (&self.0, by) {
            (Source::System, _) => Err(ClockFault::NotMovable),
            (_, None) => Err(ClockFault::Backward),
            (Source::Shifted(micros) | Source::Manual(micros), Some(by)) => {
                micros.fetch_add(by, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "this is the door")]
fn system_now() -> DateTime<Utc> {
    let now = Utc::now();
    now.duration_trunc(TimeDelta::microseconds(1))
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_and_only_goes_forward() {
        let start = DateTime::from_timestamp(1_774_735_200, 0).unwrap();
        let clock = Clock::manual(start);
        assert_eq!(clock.now(), start);
        clock.advance(TimeDelta::hours(2)).unwrap();
        assert_eq!(clock.now(), start + TimeDelta::hours(2));
        assert_eq!(clock.set(start), Err(ClockFault::Backward));
        assert_eq!(clock.now(), start + TimeDelta::hours(2));
    }

    #[test]
    fn the_systems_clock_cannot_be_moved() {
        let clock = Clock::system();
        assert_eq!(
            clock.advance(TimeDelta::hours(1)),
            Err(ClockFault::NotMovable)
        );
    }
}
