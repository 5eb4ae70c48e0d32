//! A member's days over time, through travel and changes of their day start: which dates were days of theirs, when each
//! ended for good, and until when it can be written.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::{day_bounds, member_day};
use crate::zones::Zone;

/// A day can be written until this long after its end.
pub const LATE_ENTRY: TimeDelta = TimeDelta::hours(48);

/// A check-in for a closed day is stored if the day is at most this far back.
pub const ENTRIES_KEPT: Days = Days::new(14);

/// What a check-in for a date becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// It counts.
    CheckIn,
    /// The day has closed. The check-in is stored, but does not count.
    Entry,
    /// The day has not come yet or is too far back. Nothing is stored.
    Nothing,
}

/// The time zone and the start of a member's days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayTerms {
    /// The zone of the wall clock.
    pub zone: Zone,
    /// The hour at which a day begins, 0 to 6.
    pub day_start_hour: u32,
}

impl DayTerms {
    /// Returns when a day begins and when the next one does; see [`day_bounds`].
    pub fn bounds(self, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        day_bounds(date, self.zone, self.day_start_hour)
    }

    /// Returns the day at an instant; see [`member_day`].
    pub fn day(self, at: DateTime<Utc>) -> NaiveDate {
        member_day(at, self.zone, self.day_start_hour)
    }
}

/// The terms of a member's days, as far back as they matter.
///
/// No change of terms affects a day that has [closed](Self::closes_at). Two zones and day starts are at most 32 hours
/// apart (00:00 at UTC+14 and 06:00 at UTC−12), and a day closes 48 hours after its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Past terms with the instant at which each ended, in ascending order.
    past: Vec<(DateTime<Utc>, DayTerms)>,
    current: DayTerms,
}

/// Terms with the period in which they were in force. No `from` means from the beginning, and no `until` means still.
struct Stretch<'a> {
    terms: &'a DayTerms,
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl Stretch<'_> {
    /// Returns whether a date was the member's day at some moment of the period, up to `now`.
    fn lives(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        let (begins, ends) = self.terms.bounds(date);
        let begins = self.from.map_or(begins, |from| from.max(begins));
        let ends = self.until.map_or(ends, |until| until.min(ends));
        begins < ends && begins <= now
    }
}

impl Calendar {
    /// Creates a calendar from the current terms and the past ones, each with the instant at which it ended.
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

    /// Returns the terms at an instant.
    pub fn terms_at(&self, at: DateTime<Utc>) -> &DayTerms {
        let over = self.past.partition_point(|(until, _)| *until <= at);
        self.past
            .get(over)
            .map_or(&self.current, |(_, terms)| terms)
    }

    /// Returns the terms of a day that has come: those in force when it was last the member's day. Returns the terms at
    /// `now` for any other day.
    pub fn terms_on(&self, date: NaiveDate, now: DateTime<Utc>) -> &DayTerms {
        let lived = self
            .stretches()
            .rev()
            .find(|stretch| stretch.lives(date, now));
        lived.map_or_else(|| self.terms_at(now), |stretch| stretch.terms)
    }

    /// Returns the member's day at an instant. It may go back when the member travels west.
    pub fn day_at(&self, at: DateTime<Utc>) -> NaiveDate {
        self.terms_at(at).day(at)
    }

    /// Returns whether a date was the member's day at some moment up to `now`. A date that the zone skipped never was
    /// (30 December 2011 in Apia), nor one that the member skipped by travel.
    pub fn has_lived(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        self.stretches().any(|stretch| stretch.lives(date, now))
    }

    /// Returns whether a later date was the member's day before this one ever was: the member skipped it by travel, or
    /// the zone skipped it. Nothing is asked of the member for such a day, though it may still come and be written.
    pub fn was_passed_over(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        for stretch in self.stretches() {
            if stretch.from.is_some_and(|from| from > now) {
                return false;
            }
            if stretch.lives(date, now) {
                return false;
            }
            let last = match stretch.until {
                // Terms that ended as they began were still in force at that instant. The member may have checked in
                // then.
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

    /// Returns when a date before today was over for good. A date that comes twice ends the second time. A date that
    /// travel cuts short ends with the change of zone.
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

    /// Returns when a date before today closes: it can then be neither written nor covered by a pause.
    pub fn closes_at(&self, date: NaiveDate) -> DateTime<Utc> {
        self.ended_at(date) + LATE_ENTRY
    }

    /// Returns whether nothing can change a date any more.
    pub fn is_closed(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        date < self.day_at(now) && self.closes_at(date) <= now
    }

    /// Returns what a check-in for a date becomes. A past date that was no day of the member's, as far as the server
    /// knows their travels, is accepted: it was a day for the phone that travelled with them.
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

    /// Returns whether a check-in for a date counts.
    pub fn accepts(&self, date: NaiveDate, now: DateTime<Utc>) -> bool {
        self.has_lived(date, now) && !self.is_closed(date, now)
    }
}
