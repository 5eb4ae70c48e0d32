//! Fails fast while the database is known to be unreachable.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::DbErr;

/// How long nobody tries to connect after a failure. Then one caller tries at a time.
const PAUSE: Duration = Duration::from_secs(1);

/// Remembers whether connections can be opened.
#[derive(Debug, Default)]
pub struct Outage(Mutex<Option<Away>>);

#[derive(Debug)]
struct Away {
    failed_at: Instant,
    why: DbErr,
    /// Whether an attempt is under way.
    tried: bool,
}

/// Permission to open a connection. If it is dropped without an outcome, the next caller may try.
#[derive(Debug)]
pub struct Attempt<'a> {
    outage: &'a Outage,
    open: bool,
}

impl Outage {
    /// Returns permission to open a connection. Returns the last attempt's error if it is too soon for another, or if
    /// one is under way.
    pub fn attempt(&self, now: Instant) -> Result<Attempt<'_>, DbErr> {
        if let Some(away) = &mut *self.lock() {
            let too_soon = now.saturating_duration_since(away.failed_at) < PAUSE;
            if too_soon || away.tried {
                return Err(away.why.clone());
            }
            away.tried = true;
        }
        Ok(Attempt {
            outage: self,
            open: true,
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Away>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// Records that the database can be reached.
    pub fn succeeded(mut self) {
        self.open = false;
        *self.outage.lock() = None;
    }

    /// Records that the database cannot be reached.
    pub fn failed(mut self, why: &DbErr, now: Instant) {
        self.open = false;
        *self.outage.lock() = Some(Away {
            failed_at: now,
            why: why.clone(),
            tried: false,
        });
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if self.open
            && let Some(away) = &mut *self.outage.lock()
        {
            away.tried = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_one_caller_retries_each_second_and_the_others_fail_at_once() {
        let (outage, began) = (Outage::default(), Instant::now());
        let at = |millis| began + Duration::from_millis(millis);
        let why = DbErr::Custom("away".to_owned());
        outage.attempt(at(0)).unwrap().failed(&why, at(0));
        assert_eq!(outage.attempt(at(999)).unwrap_err(), why);
        let trying = outage.attempt(at(1000)).unwrap();
        assert_eq!(outage.attempt(at(1001)).unwrap_err(), why);
        // The attempt was cancelled: the next caller tries.
        drop(trying);
        let trying = outage.attempt(at(1002)).unwrap();
        trying.failed(&why, at(1500));
        assert_eq!(outage.attempt(at(2000)).unwrap_err(), why);
        outage.attempt(at(2500)).unwrap().succeeded();
        let both = (outage.attempt(at(2501)), outage.attempt(at(2501)));
        assert!(both.0.is_ok() && both.1.is_ok());
    }
}
