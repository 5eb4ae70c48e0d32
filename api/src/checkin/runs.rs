//! Runs that forgive: what a member's days add up to.
//!
//! A *run* is days on which he checked in, with nothing but skips between them. A *skip* is a day that a reserve
//! covered, a day in a pause, or a day that was not one of his; it neither adds to a run nor ends it, and a run
//! neither starts nor ends on one (what Loop Habit Tracker settled on). A day of his that passes without either is
//! *quiet*, and only once nothing can be written for it any more: until then it is *open*, and the run stands.
//!
//! Everything here follows from (check-ins, cadences, pauses, the calendar, now). [`Settled`] keeps what the
//! days that are closed add up to, so that neither reading nor writing has to go back behind them.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use crate::days::cadence::Plan;
use crate::days::calendar::Calendar;

/// Reserve days that everybody starts with.
const RESERVES_AT_FIRST: u8 = 1;
/// One more for so many check-ins.
const CHECK_INS_A_RESERVE: u32 = 7;
/// No more are held.
const RESERVES_HELD: u8 = 3;
/// So many days are shown one by one, today's the last.
pub const DAYS_SHOWN: usize = 28;

/// What became of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// He checked in.
    CheckedIn,
    /// A reserve day covered it.
    Reserve,
    /// It is in a pause.
    Paused,
    /// Nothing was asked of him.
    Off,
    /// It can still be written.
    Open,
    /// It passed without a word.
    Quiet,
}

/// What the closed days add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The last of them: every day up to it is in here, and none behind it.
    pub through: NaiveDate,
    /// The days he checked in on.
    pub days_shown_up: u32,
    /// The latest of them.
    pub last_check_in: NaiveDate,
    /// The run that still goes on; 0 when none does.
    pub run: u32,
    /// The longest there was.
    pub longest: u32,
    /// How often he came back after a quiet day.
    pub returns: u32,
    /// Reserve days he holds.
    pub reserves: u8,
    /// The last of the days, at most [`DAYS_SHOWN`]; the last is `through`.
    pub recent: Vec<Day>,
}

/// What a member's days are told from, behind those that are [`Settled`].
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The days he checked in on.
    pub written: &'a BTreeSet<NaiveDate>,
    /// What he meant to do.
    pub plan: &'a Plan,
    /// When his days were.
    pub calendar: &'a Calendar,
}

/// A fold over days, in their order.
#[derive(Clone, Debug)]
struct Tally {
    settled: Settled,
    /// As `run`, were the days that are still open quiet: what is certain.
    certain: u32,
    /// Reserve days he holds beyond those that days which have not ended would take.
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
            // One that has ended is open for want of a reserve.
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

    /// Takes the days up to and with `last`.
    fn advance(&mut self, last: NaiveDate, record: &Record<'_>, now: DateTime<Utc>) {
        while let Some(date) = self.settled.through.succ_opt().filter(|date| *date <= last) {
            // Once a run has ended, days without a check-in change nothing but what is shown of them.
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

/// Takes into what is settled the days that are closed `now`; none before the first check-in. Slow clocks elsewhere
/// are allowed for by a `now` that lies a little back.
pub fn settle(
    settled: Option<&Settled>,
    record: &Record<'_>,
    now: DateTime<Utc>,
) -> Option<Settled> {
    let mut tally = begin(settled, record)?;
    let today = record.calendar.day_at(now);
    // A day closes two days after its end at the earliest.
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
    /// Which.
    pub date: NaiveDate,
    /// What became of it.
    pub day: Day,
    /// Whether he may still check in for it.
    pub can_be_written: bool,
}

/// What a member has built up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// His day.
    pub today: NaiveDate,
    /// The days he has checked in on. It never falls.
    pub days_shown_up: u32,
    /// The latest of them.
    pub last_check_in: Option<NaiveDate>,
    /// The run that goes on; 0 when none does.
    pub current_run: u32,
    /// The longest run, as far as it is certain. It never falls.
    pub longest_run: u32,
    /// How often he came back after a quiet day. It never falls.
    pub returns: u32,
    /// Reserve days he holds.
    pub reserves: u8,
    /// The last [`DAYS_SHOWN`] days, today's the last.
    pub recent: Vec<Shown>,
    /// How things stand, for a word of welcome.
    pub standing: Standing,
}

impl Progress {
    /// Whether his day is one of those he has checked in on.
    pub fn has_checked_in_today(&self) -> bool {
        let today = self.recent.last();
        today.is_some_and(|shown| shown.day == Day::CheckedIn)
    }
}

/// How things stand today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// He has not checked in yet, ever.
    New,
    /// He has checked in today, for the first time after a quiet day.
    CameBack,
    /// He has checked in today.
    CheckedIn,
    /// Today is in a pause.
    Paused,
    /// Today is not one of his days.
    Off,
    /// Today is open, and nothing else is.
    Open,
    /// Today is open, and an earlier day that his run waits for is, too.
    Mendable,
    /// Today is open, after quiet days: whenever he likes.
    DoorOpen,
}

/// What a member's days add up to now.
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
            standing: Standing::New,
        };
    };
    tally.advance(today.pred_opt().unwrap_or(today), record, now);
    let run_before = tally.settled.run;
    let is_first = tally.settled.days_shown_up == 0;
    tally.advance(today, record, now);
    let recent = shown(&tally.settled.recent, today, record, now);
    let standing = standing(&recent, run_before, is_first);
    // What he wrote where it is a later day already counts as well.
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
        standing,
    }
}

fn standing(recent: &[Shown], run_before: u32, is_first: bool) -> Standing {
    let Some((today, before)) = recent.split_last() else {
        return Standing::New;
    };
    let stands = run_before > 0 || is_first;
    match today.day {
        Day::CheckedIn if stands => Standing::CheckedIn,
        Day::CheckedIn => Standing::CameBack,
        Day::Paused => Standing::Paused,
        Day::Off => Standing::Off,
        _ if !stands => Standing::DoorOpen,
        _ if before.iter().any(|shown| shown.day == Day::Open) => Standing::Mendable,
        _ => Standing::Open,
    }
}

/// The days up to today's, with those before the first check-in: nothing was asked of him then.
fn shown(recent: &[Day], today: NaiveDate, record: &Record<'_>, now: DateTime<Utc>) -> Vec<Shown> {
    let before = DAYS_SHOWN.saturating_sub(recent.len());
    let days = std::iter::repeat_n(&Day::Off, before).chain(recent);
    let first = today - Days::new(DAYS_SHOWN as u64 - 1);
    let shown = first.iter_days().zip(days).map(|(date, day)| {
        // Only the last few days can be open: the others need not be looked at.
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

/// The milestones of days shown up: these, and then every hundredth.
const MILESTONES: [u32; 9] = [1, 3, 7, 14, 30, 60, 90, 180, 365];

/// The next milestone of somebody who has shown up on so many days.
pub fn next_milestone(days_shown_up: u32) -> u32 {
    let listed = MILESTONES.into_iter().find(|days| *days > days_shown_up);
    listed.unwrap_or((days_shown_up / 100 + 1) * 100)
}
