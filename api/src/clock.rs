//! The only source of the time of day.
//!
//! All code that dates something, or checks whether it is due or expired, asks a [`Clock`], so that tests can stop time
//! and developers can travel. Durations of work are measured with `std::time::Instant` instead.
//!
//! A machine's time of day can be set back. Code that only measures time, and keeps it in memory, uses
//! [`Clock::uptime`], which never goes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

/// Tells the time in UTC, in whole microseconds. PostgreSQL stores no more, so an instant that is read back equals the
/// one written.
#[derive(Clone, Debug)]
pub struct Clock {
    source: Source,
    made: Instant,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Runs at a distance from the system's time.
    Shifted(Arc<Moved>),
    /// Stands still until it is moved.
    Manual(Arc<Moved>),
}

/// How far a clock was moved, in microseconds.
#[derive(Debug, Default)]
struct Moved {
    /// The distance from the system's time, or the time since the epoch for a manual clock.
    time_of_day: AtomicI64,
    /// How far it was moved forward since it was created.
    on: AtomicI64,
}

impl Moved {
    fn starting_at(micros: i64) -> Arc<Self> {
        Arc::new(Self {
            time_of_day: AtomicI64::new(micros),
            on: AtomicI64::new(0),
        })
    }

    fn uptime(&self) -> Duration {
        Duration::from_micros(self.on.load(Ordering::Relaxed).unsigned_abs())
    }
}

/// Why a clock could not be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockFault {
    /// This is the system's clock.
    NotMovable,
    /// The target is in the past: time goes only forward.
    Backward,
}

impl Clock {
    /// Returns the clock of this machine.
    pub fn system() -> Self {
        Self::of(Source::System)
    }

    /// Returns a clock that starts at `at`, runs on from there, and can be moved.
    pub fn starting_at(at: DateTime<Utc>) -> Self {
        let shift = at.timestamp_micros() - system_now().timestamp_micros();
        Self::of(Source::Shifted(Moved::starting_at(shift)))
    }

    /// Returns a clock that stands at `at` until it is moved.
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self::of(Source::Manual(Moved::starting_at(at.timestamp_micros())))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            made: Instant::now(),
        }
    }

    /// Returns the current instant.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.source {
            Source::System => system_now(),
            Source::Shifted(moved) => {
                let shift = moved.time_of_day.load(Ordering::Relaxed);
                system_now() + TimeDelta::microseconds(shift)
            }
            Source::Manual(moved) => {
                let at = moved.time_of_day.load(Ordering::Relaxed);
                DateTime::from_timestamp_micros(at).unwrap_or_default()
            }
        }
    }

    /// Returns how much time has passed since this clock was created. It never goes back, even if the time of day does.
    pub fn uptime(&self) -> Duration {
        match &self.source {
            Source::System => self.made.elapsed(),
            Source::Shifted(moved) => self.made.elapsed() + moved.uptime(),
            Source::Manual(moved) => moved.uptime(),
        }
    }

    /// Moves the clock to `to`, which must not be in the past.
    pub fn set(&self, to: DateTime<Utc>) -> Result<(), ClockFault> {
        let by = to - self.now();
        if by < TimeDelta::zero() {
            return Err(ClockFault::Backward);
        }
        self.advance(by)
    }

    /// Moves the clock forward by `by`, which must not be negative.
    pub fn advance(&self, by: TimeDelta) -> Result<(), ClockFault> {
        let by = by.num_microseconds().filter(|by| *by >= 0);
        match (&self.source, by) {
            (Source::System, _) => Err(ClockFault::NotMovable),
            (_, None) => Err(ClockFault::Backward),
            (Source::Shifted(moved) | Source::Manual(moved), Some(by)) => {
                moved.time_of_day.fetch_add(by, Ordering::Relaxed);
                moved.on.fetch_add(by, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Sets the time of day back, as an administrator of a machine can. No time passes. Only tests call this.
    pub fn set_back(&self, by: TimeDelta) -> Result<(), ClockFault> {
        let Source::Manual(moved) = &self.source else {
            return Err(ClockFault::NotMovable);
        };
        let by = by.num_microseconds().unwrap_or_default();
        moved.time_of_day.fetch_sub(by, Ordering::Relaxed);
        Ok(())
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
    fn setting_the_clock_back_does_not_reduce_the_uptime() {
        let start = DateTime::from_timestamp(1_774_735_200, 0).unwrap();
        let clock = Clock::manual(start);
        clock.advance(TimeDelta::hours(24)).unwrap();
        clock.set_back(TimeDelta::hours(24)).unwrap();
        assert_eq!(clock.now(), start);
        assert_eq!(clock.uptime(), Duration::from_hours(24));
    }

    #[test]
    fn the_system_clock_cannot_be_moved() {
        let clock = Clock::system();
        assert_eq!(
            clock.advance(TimeDelta::hours(1)),
            Err(ClockFault::NotMovable)
        );
    }
}
