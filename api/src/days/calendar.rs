//! A member's days over time, through travel and changed habits: which dates were days of his, when each ended for
//! good, and until when it may still be written.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::{day_bounds, member_day};
use crate::zones::Zone;

/// A day may be written until so long after its end.
pub const LATE_ENTRY: TimeDelta = TimeDelta::hours(48);

/// What is written for a day that has closed is kept so far back.
pub const ENTRIES_KEPT: Days = Days::new(14);

/// What a check-in for a date becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// It counts.
    CheckIn,
    /// The day has closed: it is kept, and counts nowhere.
    Entry,
    /// The day has not come, or is too far back.
    Nothing,
}

/// Where and when a member's days begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayTerms {
    /// On whose wall clock.
    pub zone: Zone,
    /// The hour on it, 0 to 6, at which a day begins.
    pub day_start_hour: u32,
}

impl DayTerms {
    /// When a day begins and when the next one does; see [`day_bounds`].
    pub fn bounds(self, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        day_bounds(date, self.zone, self.day_start_hour)
    }

    /// The day at an instant; see [`member_day`].
    pub fn day(self, at: DateTime<Utc>) -> NaiveDate {
        member_day(at, self.zone, self.day_start_hour)
    }
}

/// The terms of a member's days, as far back as they matter.
///
/// Nothing he changes reaches a day that has [closed](Self::closes_at): no two zones and day starts are further apart
/// than 32 hours (00:00 at UTC+14 and 06:00 at UTC−12), and a day closes 48 hours after its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Those that were, each until an instant, in the order of time.
    past: Vec<(DateTime<Utc>, DayTerms)>,
    current: DayTerms,
}

/// Terms in force, from an instant (none: from the beginning) to another (none: still).
struct Stretch<'a> {
    terms: &'a DayTerms,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl Stretch<'_> {
    /// Whether a date is the member's day at some moment in it, up to now.
    fn lives(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        let (begins, ends) = self.terms.bounds(date);
        let begins = self.from.map_or(begins, |from| from.max(begins));
        let ends = self.until.map_or(ends, |until| until.min(ends));
        begins < ends && begins <= now
    }
}

impl Calendar {
    /// Of these terms now, and of those that were, each until an instant.
    pub fn new(current: DayTerms, mut past: Vec<(DateTime<Utc>, DayTerms)>) -> Self {
        past.sort_by_key(|(until, _)| *until);
        Self { past, current }
    }

    fn stretches(&self) -> impl DoubleEndedIterator<Item = Stretch<'_>> {
        (0..=self.past.len()).map(|at| {
            let this = self.past.get(at);
            Stretch {
                terms: this.map_or(&self.current, |(_, terms)| terms),
                from: at.checked_sub(1).map(|before| self.past[before].0),
                until: this.map(|(until, _)| *until),
            }
        })
    }

    /// The terms at an instant.
    pub fn terms_at(&self, at: DateTime<Utc>) -> &DayTerms {
        let over = self.past.partition_point(|(until, _)| *until <= at);
        self.past
            .get(over)
            .map_or(&self.current, |(_, terms)| terms)
    }

    /// The terms of a day that has come, as they were when it was the member's last; those at `now` for any other.
    pub fn terms_on(&self, date: NaiveDate, now: DateTime<Utc>) -> &DayTerms {
        let lived = self
            .stretches()
            .rev()
            .find(|stretch| stretch.lives(date, now));
        lived.map_or_else(|| self.terms_at(now), |stretch| stretch.terms)
    }

    /// The member's day at an instant. It may go back when he flies west.
    pub fn day_at(&self, at: DateTime<Utc>) -> NaiveDate {
        self.terms_at(at).day(at)
    }

    /// Whether a date was the member's day at some moment up to now. One that his clocks skipped never was
    /// (30 December 2011 in Apia), nor one that he flew over.
    pub fn has_lived(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        self.stretches().any(|stretch| stretch.lives(date, now))
    }

    /// Whether a later date was the member's day before this one ever was: he flew over it, or his clocks skipped it.
    /// Nothing is asked of him then, though it may still come and be written.
    pub fn was_passed_over(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        for stretch in self.stretches() {
            if stretch.from.is_some_and(|from| from > now) {
                return false;
            }
            if stretch.lives(date, now) {
                return false;
            }
            let last = match stretch.until {
                // A stretch that ended as it began still had that instant, and he may have checked in then.
                Some(until) if until <= now => {
                    let last = until - TimeDelta::microseconds(1);
                    stretch.from.map_or(last, |from| from.max(last))
                }
                _ => now,
            };
            if stretch.terms.day(last) > date {
                return true;
            }
        }
        false
    }

    /// When a date before today's was over for good: a date that is lived twice ends the second time, and one that
    /// is cut short by a flight ends with it.
    fn ended_at(&self, date: NaiveDate) -> DateTime<Utc> {
        let mut first = None;
        for stretch in self.stretches().rev() {
            let (_, ends) = stretch.terms.bounds(date);
            if stretch.from.is_none_or(|from| ends > from) {
                return stretch.until.map_or(ends, |until| until.min(ends));
            }
            first = stretch.from;
        }
        first.unwrap_or_default()
    }

    /// From this instant on a date before today's can be neither written nor covered by a pause.
    pub fn closes_at(&self, date: NaiveDate) -> DateTime<Utc> {
        self.ended_at(date) + LATE_ENTRY
    }

    /// Whether nothing can change a date any more.
    pub fn is_closed(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        date < self.day_at(now) && self.closes_at(date) <= now
    }

    /// What a check-in for a date becomes. A past date that was no day of his, by what we know of his travels, was one
    /// to the phone that was with him.
    pub fn takes(&self, date: NaiveDate, now: DateTime<Utc>) -> Takes {
        let today = self.day_at(now);
        if self.accepts(date, now) {
            Takes::CheckIn
        } else if date < today && today - ENTRIES_KEPT <= date {
            Takes::Entry
        } else {
            Takes::Nothing
        }
    }

    /// Whether a check-in for a date counts.
    pub fn accepts(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        self.has_lived(date, now) && !self.is_closed(date, now)
    }
}
