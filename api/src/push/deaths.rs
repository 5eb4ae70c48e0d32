//! The guard against giving up addresses in masses: when many seem to die at once, it is more likely that
//! the sender is set up wrongly.

use std::collections::VecDeque;
use std::time::Duration;

/// How far back it looks.
const WINDOW: Duration = Duration::from_mins(5);
/// So many deaths are never too many.
const FREE: u64 = 20;
/// Beyond that, no more than this share of what was answered, in hundredths.
const SHARE: u64 = 30;

/// The answers of the last minutes, by [`crate::clock::Clock::uptime`].
#[derive(Debug, Default)]
pub(super) struct Deaths(VecDeque<Second>);

#[derive(Debug)]
struct Second {
    at: u64,
    answered: u64,
    dead: u64,
}

impl Second {
    fn is_over(&self, now: Duration) -> bool {
        now.as_secs() >= self.at + WINDOW.as_secs()
    }
}

impl Deaths {
    /// Notes one answer of the provider about an address.
    pub(super) fn note(&mut self, now: Duration, dead: bool) {
        let at = now.as_secs();
        if self.0.back().is_none_or(|last| last.at != at) {
            let (answered, dead) = (0, 0);
            self.0.push_back(Second { at, answered, dead });
        }
        if let Some(last) = self.0.back_mut() {
            last.answered += 1;
            last.dead += u64::from(dead);
        }
        while self.0.front().is_some_and(|first| first.is_over(now)) {
            self.0.pop_front();
        }
    }

    /// Whether too many have died of late.
    pub(super) fn too_many(&self, now: Duration) -> bool {
        let recent = self.0.iter().filter(|second| !second.is_over(now));
        let (answered, dead) = recent.fold((0, 0), |(answered, dead), second| {
            (answered + second.answered, dead + second.dead)
        });
        dead > FREE && dead * 100 > answered * SHARE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_000 + seconds)
    }

    fn after(dead: u64, alive: u64) -> Deaths {
        let mut deaths = Deaths::default();
        for _ in 0..dead {
            deaths.note(at(0), true);
        }
        for _ in 0..alive {
            deaths.note(at(1), false);
        }
        deaths
    }

    #[test]
    fn many_are_too_many_when_they_are_a_large_share() {
        assert!(!after(20, 0).too_many(at(1)));
        assert!(after(21, 0).too_many(at(1)));
        assert!(after(30, 69).too_many(at(1)));
        assert!(!after(30, 70).too_many(at(1)));
    }

    #[test]
    fn they_are_forgotten_after_five_minutes() {
        let mut deaths = after(50, 0);
        assert!(deaths.too_many(at(299)));
        assert!(!deaths.too_many(at(300)));
        deaths.note(at(300), true);
        assert!(!deaths.too_many(at(300)));
    }
}
