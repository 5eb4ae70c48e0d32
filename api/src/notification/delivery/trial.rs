//! What happens when the provider says that an address is gone.
//!
//! With a wrong sender configuration the provider says so of every address. One answer is therefore not enough: the
//! address goes on trial, its deliveries wait, and it is tried again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// An address on trial gets no attempt for this long.
pub const TRIAL: Duration = Duration::from_mins(10);
/// The cap of a waiting delivery's growing wait. Jitter adds up to half of it.
pub const TRIAL_CAP: Duration = Duration::from_hours(1);
/// The windows in which answers are counted. A mass failure starts at once, but its addresses are tried again one by
/// one.
pub const WINDOWS: [TimeDelta; 2] = [TimeDelta::minutes(5), TimeDelta::hours(2)];
/// Up to this many gone addresses are never a mass.
const FREE: u64 = 20;
/// Beyond that, gone addresses are a mass if they are more than this percentage of all answers.
const SHARE: u64 = 30;

/// The provider's answers to all workers within a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Accepted messages.
    pub accepted: u64,
    /// Answers that an address is gone.
    pub dead: u64,
}

impl Answers {
    /// Returns whether so many addresses are reported gone that the sender's configuration is more likely at fault.
    const fn are_mass(self) -> bool {
        self.dead > FREE && self.dead * 100 > (self.accepted + self.dead) * SHARE
    }
}

/// The provider's recent answers to all workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// The answers within each of [`WINDOWS`].
    pub answers: [Answers; 2],
    /// The minute in which it last accepted a message, within a day.
    pub accepted_at: Option<DateTime<Utc>>,
}

impl Lately {
    /// Returns whether a mass of addresses is reported gone.
    pub fn is_mass(&self) -> bool {
        self.answers.into_iter().any(Answers::are_mass)
    }

    /// Returns whether to give up an address that is reported gone now. `doubted_at` is when it was reported gone
    /// before.
    ///
    /// Three conditions must hold: its trial is over, the provider has accepted other messages since, and there is no
    /// mass.
    pub fn gives_up(&self, doubted_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        doubted_at.is_some_and(|doubted_at| {
            let is_over = doubted_at + TRIAL <= now;
            let took_others = self.accepted_at.is_some_and(|at| at >= doubted_at);
            is_over && took_others && !self.is_mass()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_773_144_000, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    fn lately(dead: u64, accepted: u64) -> Lately {
        Lately {
            answers: [Answers::default(), Answers { accepted, dead }],
            accepted_at: Some(at(10)),
        }
    }

    #[test]
    fn many_dead_addresses_are_a_mass_only_if_their_share_is_large() {
        assert!(!lately(20, 0).is_mass());
        assert!(lately(21, 0).is_mass());
        assert!(lately(30, 69).is_mass());
        assert!(!lately(30, 70).is_mass());
        let at_once = Answers {
            accepted: 0,
            dead: 21,
        };
        let after_a_good_hour = Lately {
            answers: [at_once, lately(21, 900).answers[1]],
            ..lately(0, 0)
        };
        assert!(after_a_good_hour.is_mass());
    }

    #[test]
    fn an_address_is_given_up_on_a_second_report_after_the_trial() {
        assert!(!lately(1, 9).gives_up(None, at(10)));
        assert!(!lately(1, 9).gives_up(Some(at(1)), at(10)));
        assert!(lately(1, 9).gives_up(Some(at(0)), at(10)));
    }

    #[test]
    fn no_address_is_given_up_while_no_push_is_accepted() {
        let nothing = Lately {
            accepted_at: None,
            ..lately(1, 0)
        };
        assert!(!nothing.gives_up(Some(at(0)), at(60)));
        let before = Lately {
            accepted_at: Some(at(-1)),
            ..nothing
        };
        assert!(!before.gives_up(Some(at(0)), at(60)));
    }

    #[test]
    fn no_address_is_given_up_during_a_mass_invalidation() {
        assert!(!lately(30, 69).gives_up(Some(at(0)), at(10)));
    }
}
