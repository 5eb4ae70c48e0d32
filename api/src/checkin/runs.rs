//! Forgiving runs: the progress that follows from a member's days.
//!
//! A *run* is a sequence of days with a check-in, with nothing but skips between them. A *skip* is a day that a reserve
//! covered, a day in a pause, or a day that is not in the member's cadence. A skip neither extends nor ends a run, and
//! a run neither starts nor ends with one (the rule of Loop Habit Tracker). A planned day without a check-in becomes
//! *quiet* once it can no longer be written. Until then it is *open*, and the run continues.
//!
//! Everything here is a function of (check-ins, cadences, pauses, the calendar, now). [`Settled`] holds the sums of
//! closed days, so that neither reads nor writes have to look further back.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use crate::days::cadence::Plan;
use crate::days::calendar::Calendar;

/// Reserve days that a new member has.
const RESERVES_AT_FIRST: u8 = 1;
/// A member earns a reserve day with every so many check-ins.
const CHECK_INS_A_RESERVE: u32 = 7;
/// The most reserve days that a member can have.
const RESERVES_HELD: u8 = 3;
/// The number of days that are shown one by one, ending with today.
pub const DAYS_SHOWN: usize = 28;

/// The state of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// The member checked in.
    CheckedIn,
    /// A reserve day covered it.
    Reserve,
    /// The day is in a pause.
    Paused,
    /// Nothing was asked of the member.
    Off,
    /// A check-in for the day is still possible.
    Open,
    /// The day closed without a check-in.
    Quiet,
}

/// The sums of the closed days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The last settled day: every day up to it is included, and none after it.
    pub through: NaiveDate,
    /// The number of days with a check-in.
    pub days_shown_up: u32,
    /// The latest day with a check-in.
    pub last_check_in: NaiveDate,
    /// The current run; 0 if there is none.
    pub run: u32,
    /// The longest run so far.
    pub longest: u32,
    /// How often the member came back after a quiet day.
    pub returns: u32,
    /// The reserve days that the member has.
    pub reserves: u8,
    /// The latest days, at most [`DAYS_SHOWN`], ending with `through`.
    pub recent: Vec<Day>,
}

/// The input for a member's days after those that are [`Settled`].
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The days with a check-in.
    pub written: &'a BTreeSet<NaiveDate>,
    /// The member's cadences and pauses.
    pub plan: &'a Plan,
    /// The calendar of the member's days.
    pub calendar: &'a Calendar,
}

/// A fold over days in ascending order.
#[derive(Clone, Debug)]
struct Tally {
    settled: Settled,
    /// Like `run`, but as if every open day were quiet: the part of the run that is certain.
    certain: u32,
    /// The reserve days that remain if every open day uses one.
    spare: u8,
}

impl Tally {
    fn before(first: NaiveDate) -> Self {
        Self {
            certain: 0,
            spare: RESERVES_AT_FIRST,
            settled: Settled {
                through: first.pred_opt().unwrap_or(first),
                days_shown_up: 0,
                last_check_in: first,
                run: 0,
                longest: 0,
                returns: 0,
                reserves: RESERVES_AT_FIRST,
                recent: Vec::new(),
            },
        }
    }

    fn from(settled: &Settled) -> Self {
        Self {
            certain: settled.run,
            spare: settled.reserves,
            settled: settled.clone(),
        }
    }

    fn judge(&self, date: NaiveDate, record: &Record<'_>, now: DateTime<Utc>) -> Day {
        let calendar = record.calendar;
        if record.written.contains(&date) {
            Day::CheckedIn
        } else if record.plan.is_paused(date) {
            Day::Paused
        } else if !record.plan.includes(date) || calendar.was_passed_over(date, now) {
            Day::Off
        } else if date >= calendar.day_at(now) {
            Day::Open
        } else if self.settled.run > 0 && self.settled.reserves > 0 {
            Day::Reserve
        } else if calendar.is_closed(date, now) {
            Day::Quiet
        } else {
            Day::Open
        }
    }

    fn take(&mut self, date: NaiveDate, day: Day) {
        let settled = &mut self.settled;
        match day {
            Day::CheckedIn => {
                if settled.run == 0 && settled.days_shown_up > 0 {
                    settled.returns += 1;
                }
                settled.days_shown_up += 1;
                settled.last_check_in = date;
                settled.run += 1;
                self.certain += 1;
                settled.longest = settled.longest.max(self.certain);
                if settled.days_shown_up.is_multiple_of(CHECK_INS_A_RESERVE) {
                    settled.reserves = RESERVES_HELD.min(settled.reserves + 1);
                    self.spare = RESERVES_HELD.min(self.spare + 1);
                }
            }
            Day::Reserve => {
                settled.reserves -= 1;
                self.spare -= 1;
            }
            Day::Paused | Day::Off => {}
            // A day that has ended and is still open had no reserve left to cover it.
            Day::Open => match self.spare.checked_sub(1) {
                Some(left) => self.spare = left,
                None => self.certain = 0,
            },
            Day::Quiet => {
                settled.run = 0;
                self.certain = 0;
            }
        }
        settled.through = date;
        if settled.recent.len() == DAYS_SHOWN {
            settled.recent.remove(0);
        }
        settled.recent.push(day);
    }

    /// Adds the days up to and including `last`.
    fn advance(&mut self, last: NaiveDate, record: &Record<'_>, now: DateTime<Utc>) {
        while let Some(date) = self.settled.through.succ_opt().filter(|date| *date <= last) {
            // Without a run, days without a check-in only matter if they are shown: skip to the next one that does
            // matter.
            if self.settled.run == 0 {
                let shown = last - Days::new(DAYS_SHOWN as u64);
                let next = record.written.range(date..).next();
                let until = next.map_or(shown, |next| shown.min(*next - Days::new(1)));
                self.settled.through = self.settled.through.max(until);
                if self.settled.through >= date {
                    self.settled.recent.clear();
                    continue;
                }
            }
            let day = self.judge(date, record, now);
            self.take(date, day);
        }
    }
}

/// Adds the days that are closed at `now` to `settled`. Returns `None` before the first check-in. To allow for slow
/// clocks of other processes, pass a `now` that lies a little in the past.
pub fn settle(
    settled: Option<&Settled>,
    record: &Record<'_>,
    now: DateTime<Utc>,
) -> Option<Settled> {
    let mut tally = begin(settled, record)?;
    let today = record.calendar.day_at(now);
    // A day closes two days after its end at the earliest, so this takes only a few steps.
    let mut last = today;
    while !record.calendar.is_closed(last, now) {
        last = last.pred_opt()?;
    }
    if last <= tally.settled.through {
        return settled.cloned();
    }
    tally.advance(last, record, now);
    (tally.settled.days_shown_up > 0).then_some(tally.settled)
}

fn begin(settled: Option<&Settled>, record: &Record<'_>) -> Option<Tally> {
    match settled {
        Some(settled) => Some(Tally::from(settled)),
        None => record.written.first().map(|first| Tally::before(*first)),
    }
}

/// One of the days that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The date.
    pub date: NaiveDate,
    /// The state of the day.
    pub day: Day,
    /// Whether the member can still check in for this day.
    pub can_be_written: bool,
}

/// A member's progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The member's current day.
    pub today: NaiveDate,
    /// The number of days with a check-in. It never falls.
    pub days_shown_up: u32,
    /// The latest day with a check-in.
    pub last_check_in: Option<NaiveDate>,
    /// The current run; 0 if there is none.
    pub current_run: u32,
    /// The longest run that is certain. It never falls.
    pub longest_run: u32,
    /// How often the member came back after a quiet day. It never falls.
    pub returns: u32,
    /// The reserve days that the member has.
    pub reserves: u8,
    /// The last [`DAYS_SHOWN`] days, ending with today.
    pub recent: Vec<Shown>,
    /// The state of today, from which the app chooses a greeting.
    pub today_state: TodayState,
}

impl Progress {
    /// Returns whether the member has checked in for today.
    pub fn has_checked_in_today(&self) -> bool {
        let today = self.recent.last();
        today.is_some_and(|shown| shown.day == Day::CheckedIn)
    }
}

/// The state of today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TodayState {
    /// The member has never checked in.
    New,
    /// The member has checked in today, for the first time after a quiet day.
    CameBack,
    /// The member has checked in today.
    CheckedIn,
    /// Today is in a pause.
    Paused,
    /// Today is not in the member's cadence.
    Off,
    /// Today is open, and no earlier day is.
    Open,
    /// Today is open, and so is an earlier day that the run depends on.
    Mendable,
    /// Today is open after quiet days: the member can come back at any time.
    DoorOpen,
}

/// Computes a member's progress at `now`.
pub fn progress(settled: Option<&Settled>, record: &Record<'_>, now: DateTime<Utc>) -> Progress {
    let today = record.calendar.day_at(now);
    let Some(mut tally) = begin(settled, record) else {
        return Progress {
            today,
            days_shown_up: 0,
            last_check_in: None,
            current_run: 0,
            longest_run: 0,
            returns: 0,
            reserves: RESERVES_AT_FIRST,
            recent: shown(&[], today, record, now),
            today_state: TodayState::New,
        };
    };
    tally.advance(today.pred_opt().unwrap_or(today), record, now);
    let run_before = tally.settled.run;
    let is_first = tally.settled.days_shown_up == 0;
    tally.advance(today, record, now);
    let recent = shown(&tally.settled.recent, today, record, now);
    let today_state = today_state(&recent, run_before, is_first);
    // After travel to the west the member may have check-ins for later days. They already count.
    let latest = record.written.last().copied().unwrap_or(today);
    tally.advance(latest.max(today), record, now);
    let settled = tally.settled;
    Progress {
        today,
        days_shown_up: settled.days_shown_up,
        last_check_in: Some(settled.last_check_in),
        current_run: settled.run,
        longest_run: settled.longest,
        returns: settled.returns,
        reserves: settled.reserves,
        recent,
        today_state,
    }
}

fn today_state(recent: &[Shown], run_before: u32, is_first: bool) -> TodayState {
    let Some((today, before)) = recent.split_last() else {
        return TodayState::New;
    };
    let stands = run_before > 0 || is_first;
    match today.day {
        Day::CheckedIn if stands => TodayState::CheckedIn,
        Day::CheckedIn => TodayState::CameBack,
        Day::Paused => TodayState::Paused,
        Day::Off => TodayState::Off,
        _ if !stands => TodayState::DoorOpen,
        _ if before.iter().any(|shown| shown.day == Day::Open) => TodayState::Mendable,
        _ => TodayState::Open,
    }
}

/// Returns the days up to today. Days before the first check-in are [`Day::Off`].
fn shown(recent: &[Day], today: NaiveDate, record: &Record<'_>, now: DateTime<Utc>) -> Vec<Shown> {
    let before = DAYS_SHOWN.saturating_sub(recent.len());
    let days = std::iter::repeat_n(&Day::Off, before).chain(recent);
    let first = today - Days::new(DAYS_SHOWN as u64 - 1);
    let shown = first.iter_days().zip(days).map(|(date, day)| {
        // Only the last few days can be open, so the check is skipped for the others.
        let is_near = today - date <= TimeDelta::days(4);
        let written = *day == Day::CheckedIn;
        Shown {
            date,
            day: *day,
            can_be_written: !written && is_near && record.calendar.accepts(date, now),
        }
    });
    shown.collect()
}

/// The first milestones, in days with a check-in. After these every hundredth day is one.
const MILESTONES: [u32; 9] = [1, 3, 7, 14, 30, 60, 90, 180, 365];

/// Returns the next milestone after `days_shown_up` days with a check-in.
pub fn next_milestone(days_shown_up: u32) -> u32 {
    let listed = MILESTONES.into_iter().find(|days| *days > days_shown_up);
    listed.unwrap_or((days_shown_up / 100 + 1) * 100)
}
