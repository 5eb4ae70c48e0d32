//! Measures how long statements have gone unanswered.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The exchanges that are under way. An exchange is a statement and its answer.
#[derive(Debug)]
pub struct Silence(Mutex<State>);

#[derive(Debug)]
struct State {
    /// How many wait for an answer.
    waiting: usize,
    /// When the first of them began, or when the last answer came.
    since: Instant,
}

impl Default for Silence {
    fn default() -> Self {
        Self(Mutex::new(State {
            waiting: 0,
            since: Instant::now(),
        }))
    }
}

impl Silence {
    /// Records that a statement was sent.
    pub fn asked(&self, now: Instant) {
        let mut state = self.lock();
        if state.waiting == 0 {
            state.since = now;
        }
        state.waiting += 1;
    }

    /// Records that an exchange is over: answered, or given up.
    pub fn over(&self, answered: bool, now: Instant) {
        let mut state = self.lock();
        state.waiting = state.waiting.saturating_sub(1);
        if answered {
            state.since = now;
        }
    }

    /// Returns how long it has been silent, or zero if no exchange is under way.
    pub fn lasts(&self, now: Instant) -> Duration {
        let state = self.lock();
        if state.waiting == 0 {
            return Duration::ZERO;
        }
        now.saturating_duration_since(state.since)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_from_the_first_open_statement_or_the_last_answer() {
        let (silence, began) = (Silence::default(), Instant::now());
        let at = |seconds| began + Duration::from_secs(seconds);
        let lasts = |now| silence.lasts(at(now)).as_secs();
        assert_eq!(lasts(100), 0, "nobody asks");
        silence.asked(at(100));
        silence.asked(at(102));
        assert_eq!(lasts(103), 3);
        silence.over(true, at(104));
        assert_eq!(lasts(106), 2);
        silence.asked(at(107));
        silence.over(false, at(108));
        assert_eq!(lasts(109), 5, "giving up is no answer");
        silence.over(true, at(110));
        assert_eq!(lasts(120), 0);
    }
}
