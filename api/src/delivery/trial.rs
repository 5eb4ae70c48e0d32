//! What follows when the provider says that an address is gone. A sender that is set up wrongly hears it of every
//! address, so one word is not enough: the address is on trial, what is owed to it waits, and it is tried again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// An address on trial is not sent to for so long.
pub const TRIAL: Duration = Duration::from_mins(10);
/// What is owed to it waits longer each time, up to this and half as much again.
pub const TRIAL_CAP: Duration = Duration::from_hours(1);
/// How far back answers are counted: a mass begins all at once, and its addresses are tried again one by one.
pub const WINDOWS: [TimeDelta; 2] = [TimeDelta::minutes(5), TimeDelta::hours(2)];
/// So many addresses that are gone are never too many.
const FREE: u64 = 20;
/// Beyond that, no more than this share of what was answered, in hundredths.
const SHARE: u64 = 30;

/// What the provider answered within a window, to all workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Messages it took.
    pub accepted: u64,
    /// How often it said that an address is gone.
    pub dead: u64,
}

impl Answers {
    /// Whether so many addresses are gone that the sender is more likely at fault.
    const fn are_mass(self) -> bool {
        self.dead > FREE && self.dead * 100 > (self.accepted + self.dead) * SHARE
    }
}

/// What the provider answered lately, to all workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// Within each of [`WINDOWS`].
    pub answers: [Answers; 2],
    /// The minute in which it last took a message, within a day.
    pub accepted_at: Option<DateTime<Utc>>,
}

impl Lately {
    /// Whether addresses seem to die in masses.
    pub fn is_mass(&self) -> bool {
        self.answers.into_iter().any(Answers::are_mass)
    }

    /// Whether an address that is said to be gone now is given up. `doubted_at` is when it was last said before. It takes
    /// a trial that is over, a provider that took something for others meanwhile, and no mass.
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
    fn many_are_too_many_when_they_are_a_large_share() {
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
    fn an_address_is_given_up_on_the_second_word() {
        assert!(!lately(1, 9).gives_up(None, at(10)));
        assert!(!lately(1, 9).gives_up(Some(at(1)), at(10)));
        assert!(lately(1, 9).gives_up(Some(at(0)), at(10)));
    }

    #[test]
    fn no_address_is_given_up_while_nothing_gets_through() {
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
    fn no_address_is_given_up_in_a_mass() {
        assert!(!lately(30, 69).gives_up(Some(at(0)), at(10)));
    }
}
