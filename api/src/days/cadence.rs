//! How often a member means to check in, and when he does not.

use chrono::{Datelike as _, NaiveDate, Weekday};

/// The weekdays on which a member means to check in: at least one.
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

    /// On these weekdays; none without any.
    pub fn on(days: &[Weekday]) -> Option<Self> {
        let mask = days
            .iter()
            .fold(0, |mask, day| mask | 1 << day.num_days_from_monday());
        Self::from_mask(mask)
    }

    /// From what [`mask`](Self::mask) gave.
    pub const fn from_mask(mask: u8) -> Option<Self> {
        if mask == 0 || mask > Self::DAILY.0 {
            return None;
        }
        Some(Self(mask))
    }

    /// A bit for each weekday, Monday's the lowest.
    pub const fn mask(self) -> u8 {
        self.0
    }

    /// The weekdays, Monday first.
    pub fn days(self) -> Vec<Weekday> {
        let days = WEEK.into_iter();
        days.filter(|day| self.includes(*day)).collect()
    }

    /// Whether he means to on this weekday.
    pub fn includes(self, day: Weekday) -> bool {
        self.0 >> day.num_days_from_monday() & 1 == 1
    }
}

/// A cadence, from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CadenceChange {
    /// The first day it is for.
    pub from: NaiveDate,
    /// How often.
    pub cadence: Cadence,
}

/// Days on which nothing is asked of him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The first of them.
    pub first: NaiveDate,
    /// The last of them.
    pub last: NaiveDate,
}

/// What a member means to do, day by day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of their days, one a day; daily before the first.
    pub cadences: Vec<CadenceChange>,
    /// In no order.
    pub pauses: Vec<Pause>,
}

impl Plan {
    /// The cadence of a day.
    pub fn cadence_on(&self, date: NaiveDate) -> Cadence {
        let later = self.cadences.partition_point(|change| change.from <= date);
        match later.checked_sub(1) {
            Some(at) => self.cadences[at].cadence,
            None => Cadence::DAILY,
        }
    }

    /// Whether a day is one of his days.
    pub fn includes(&self, date: NaiveDate) -> bool {
        self.cadence_on(date).includes(date.weekday())
    }

    /// Whether a day is in a pause.
    pub fn is_paused(&self, date: NaiveDate) -> bool {
        let mut pauses = self.pauses.iter();
        pauses.any(|pause| pause.first <= date && date <= pause.last)
    }
}
