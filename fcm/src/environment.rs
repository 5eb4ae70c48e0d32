//! The clock and the random numbers that the client is given.

use std::{fmt, sync::Arc, time::SystemTime};

/// The wall clock and the random numbers that a [`Client`](crate::Client) works with.
///
/// The clock dates the assertion for the token server, and is the base for a `Retry-After` that is a date. Deadlines
/// within the process use tokio's monotonic clock instead.
#[derive(Clone)]
pub struct Environment {
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    jitter: Arc<dyn Fn() -> f64 + Send + Sync>,
}

impl Environment {
    /// Uses `clock` for the time of day, and `jitter` for numbers evenly spread over `0.0..1.0`.
    pub fn new(
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
        jitter: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            clock: Arc::new(clock),
            jitter: Arc::new(jitter),
        }
    }

    /// Uses the system's clock and random numbers. Nothing else in this crate reads either.
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the default that everything else is given"
    )]
    pub fn system() -> Self {
        Self::new(SystemTime::now, || {
            let mut bytes = [0; 4];
            // Without random bytes only the spread of the delays is lost.
            match aws_lc_rs::rand::fill(&mut bytes) {
                Ok(()) => f64::from(u32::from_ne_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
                Err(_) => 0.0,
            }
        })
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }

    pub(crate) fn jitter(&self) -> f64 {
        (self.jitter)().clamp(0.0, 1.0)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_jitter_stays_below_one() {
        let environment = Environment::system();
        assert!(
            (0..1_000)
                .map(|_| environment.jitter())
                .all(|jitter| (0.0..1.0).contains(&jitter))
        );
    }
}
