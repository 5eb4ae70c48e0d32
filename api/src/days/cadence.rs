//! A member's plan: the weekdays on which they check in, and their pauses.

use chrono::{Datelike as _, NaiveDate, Weekday};

/// The weekdays on which a member plans to check in: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence(u8);

/// Monday to Sunday.
const WEEK: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

impl Cadence {
    /// Every day.
    pub const DAILY: Self = Self(0b111_1111);

    /// Creates a cadence of these weekdays, or returns `None` if there are none.
    pub fn on(days: &[Weekday]) -> Option<Self> {
        let mask = days
            .iter()
            .fold(0, |mask, day| mask | 1 << day.num_days_from_monday());
        Self::from_mask(mask)
    }

    /// Creates a cadence from a value of [`mask`](Self::mask), or returns `None` if it is out of range.
    pub const fn from_mask(mask: u8) -> Option<Self> {
        if mask == 0 || mask > Self::DAILY.0 {
            return None;
        }
        Some(Self(mask))
    }

    /// Returns a bit for each weekday. Monday's is the lowest.
    pub const fn mask(self) -> u8 {
        self.0
    }

    /// Returns the weekdays, Monday first.
    pub fn days(self) -> Vec<Weekday> {
        let days = WEEK.into_iter();
        days.filter(|day| self.includes(*day)).collect()
    }

    /// Returns whether the cadence includes this weekday.
    pub fn includes(self, day: Weekday) -> bool {
        self.0 >> day.num_days_from_monday() & 1 == 1
    }
}

/// A cadence that applies from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CadenceChange {
    /// The first day it applies to.
    pub from: NaiveDate,
    /// The cadence.
    pub cadence: Cadence,
}

/// Days on which nothing is asked of the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
}

/// A member's plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The cadences by ascending day, at most one per day. Before the first one the plan is daily.
    pub cadences: Vec<CadenceChange>,
    /// The pauses, in no particular order.
    pub pauses: Vec<Pause>,
}

impl Plan {
    /// Returns the cadence that applies on a day.
    pub fn cadence_on(&self, date: NaiveDate) -> Cadence {
        let later = self.cadences.partition_point(|change| change.from <= date);
        match later.checked_sub(1) {
            Some(at) => self.cadences[at].cadence,
            None => Cadence::DAILY,
        }
    }

    /// Returns whether the cadence includes a day.
    pub fn includes(&self, date: NaiveDate) -> bool {
        self.cadence_on(date).includes(date.weekday())
    }

    /// Returns whether a day is in a pause.
    pub fn is_paused(&self, date: NaiveDate) -> bool {
        let mut pauses = self.pauses.iter();
        pauses.any(|pause| pause.first <= date && date <= pause.last)
    }
}
