//! The rules of commitments: when one is due, and which answers a day accepts.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
pub use entity::commitment_day::Answer;

use crate::days::cadence::Cadence;
use crate::days::calendar::DayTerms;
use crate::days::local_time::next_after;
use crate::text::{Lines, TextForm};

/// The form of a commitment's words.
pub const WORDS: TextForm = TextForm {
    max: 200,
    lines: Lines::One,
};
/// The most open commitments that a member can have.
pub const MOST_OPEN: u64 = 20;
/// A due day, or a day to carry over to, is at most this far ahead.
pub const FURTHEST: Days = Days::new(366);
/// An answer can be given or corrected until this long after the day.
pub const SET_RIGHT: Days = Days::new(14);
/// The number of due days that are shown: today, and every day that still accepts an answer.
pub const DAYS_SHOWN: usize = 15;
/// A partner's invitation to ask stays open this long.
pub const ASKED_FOR: TimeDelta = TimeDelta::hours(24);
/// The most days that are searched for the next due weekday. Every weekday comes within a week, and only days up to
/// about today can have been carried over, so this is enough.
const LOOKED_AT: usize = 16;

/// The time of day at which a partner is invited to ask, on the owner's wall clock.
const ASK_AT: NaiveTime = match NaiveTime::from_hms_opt(10, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// When a commitment is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once, on this day.
    Once(NaiveDate),
    /// Every week, on these days.
    Weekly(Cadence),
}

/// The stored state of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The owner's answer.
    pub answer: Option<Answer>,
    /// When the owner answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// The later day that replaces this one.
    pub carried_to: Option<NaiveDate>,
}

/// A day on which a commitment is or was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The date.
    pub due_on: NaiveDate,
    /// The stored state of the day.
    pub kept: Kept,
}

/// The state of a commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is still going on.
    Open,
    /// It was due once, and is done.
    Done,
    /// The owner ended it.
    Ended,
}

/// A commitment's schedule, with the stored state of its days.
///
/// A day is due if the schedule says so, or if another day was carried over to it. Such a day always has a stored
/// state, even if it is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// When it is due.
    pub when: When,
    /// The owner's day on which it was made. A weekly commitment is due from this day on.
    pub from: NaiveDate,
    /// The owner's day on which it was ended. Nothing is due from this day on.
    pub until: Option<NaiveDate>,
    /// The stored states of days.
    pub kept: BTreeMap<NaiveDate, Kept>,
}

impl Plan {
    /// Returns whether it is or was due on a day.
    pub fn is_due(&self, day: NaiveDate) -> bool {
        let kept = self.kept.get(&day);
        if kept.is_some_and(|kept| kept.answer.is_some() || kept.carried_to.is_some()) {
            return true;
        }
        let planned = self.is_of_the_week(day) || self.when == When::Once(day);
        (planned || kept.is_some()) && self.until.is_none_or(|until| day < until)
    }

    /// Returns whether it is a weekly commitment whose schedule includes this day.
    fn is_of_the_week(&self, day: NaiveDate) -> bool {
        match self.when {
            When::Once(_) => false,
            When::Weekly(weekdays) => self.from <= day && weekdays.includes(day.weekday()),
        }
    }

    /// Returns the stored state of a day.
    pub fn kept(&self, day: NaiveDate) -> Kept {
        self.kept.get(&day).copied().unwrap_or_default()
    }

    /// Returns whether it is due on a day that was not carried over.
    pub fn stands(&self, day: NaiveDate) -> bool {
        self.is_due(day) && self.kept(day).carried_to.is_none()
    }

    /// Returns whether the partner is invited to ask about a day. A one-time commitment that is done needs no question.
    pub fn is_asked_about(&self, day: NaiveDate) -> bool {
        self.stands(day) && self.state() != State::Done
    }

    /// Returns the first day, from `day` on, that is due, was not carried over and matches `is_it`.
    fn first_from(&self, day: NaiveDate, is_it: impl Fn(NaiveDate) -> bool) -> Option<NaiveDate> {
        let is_it = |day: &NaiveDate| self.stands(*day) && is_it(*day);
        let planned = match self.when {
            When::Once(once) => Some(once).filter(|once| *once >= day).filter(is_it),
            When::Weekly(_) => {
                let mut days = day.max(self.from).iter_days().take(LOOKED_AT);
                days.find(is_it)
            }
        };
        let carried = self.kept.range(day..).map(|(day, _)| *day).find(is_it);
        planned.into_iter().chain(carried).min()
    }

    /// Returns the next such day, today included, that has no answer yet.
    pub fn next_due(&self, today: NaiveDate) -> Option<NaiveDate> {
        self.first_from(today, |day| self.kept(day).answer.is_none())
    }

    /// Returns the latest due days up to today, or up to the end of the commitment, latest first. Future days with a
    /// stored state come before them.
    pub fn recent(&self, today: NaiveDate) -> Vec<Day> {
        let mut days: Vec<NaiveDate> = self.kept.keys().copied().collect();
        match self.when {
            When::Once(once) => days.push(once),
            When::Weekly(_) => {
                let mut back = Some(self.until.map_or(today, |until| until.min(today)));
                for _ in 0..7 * DAYS_SHOWN {
                    days.extend(back);
                    back = back.and_then(|day| day.pred_opt());
                }
            }
        }
        days.retain(|day| self.is_due(*day));
        days.sort_unstable_by(|one, other| other.cmp(one));
        days.dedup();
        let to_come = days.iter().take_while(|day| **day > today).count();
        days.truncate(to_come + DAYS_SHOWN);
        let day = |due_on| Day {
            due_on,
            kept: self.kept(due_on),
        };
        days.into_iter().map(day).collect()
    }

    /// Returns the state of the commitment.
    pub fn state(&self) -> State {
        let once = matches!(self.when, When::Once(_));
        let is_done = |kept: &Kept| kept.answer == Some(Answer::Done);
        if self.until.is_some() {
            State::Ended
        } else if once && self.kept.values().any(is_done) {
            State::Done
        } else {
            State::Open
        }
    }

    /// Returns why a day accepts no change at this moment, or `None` if it does.
    ///
    /// A one-time commitment, and a day that another was carried over to, can be answered early. A weekday of the
    /// schedule cannot be answered before it begins or when it is long past.
    fn moment(&self, day: NaiveDate, today: NaiveDate) -> Option<Refusal> {
        let weekly = matches!(self.when, When::Weekly(_));
        let closed = day.checked_add_days(SET_RIGHT);
        if self.until.is_some() {
            Some(Refusal::Over)
        } else if !self.is_due(day) {
            Some(Refusal::NotDue)
        } else if today < day && self.is_of_the_week(day) {
            Some(Refusal::NotYet)
        } else if weekly && closed.is_some_and(|closed| closed < today) {
            Some(Refusal::TooLate)
        } else {
            None
        }
    }

    /// Decides what happens to an answer for a day.
    pub fn answering(&self, day: NaiveDate, answer: Answer, today: NaiveDate) -> Decision {
        let kept = self.kept(day);
        if kept.answer == Some(answer) {
            return Decision::AlreadyApplied;
        }
        match self.moment(day, today) {
            Some(refusal) => Decision::Refused(refusal),
            None if kept.carried_to.is_some() => Decision::Refused(Refusal::Carried),
            None => Decision::Apply,
        }
    }

    /// Decides what happens to a wish to carry a day over to another.
    pub fn carrying(&self, day: NaiveDate, to: NaiveDate, today: NaiveDate) -> Decision {
        let kept = self.kept(day);
        let refused = match (kept.carried_to, self.moment(day, today)) {
            (Some(before), _) if before == to => return Decision::AlreadyApplied,
            (_, Some(refusal)) => refusal,
            (Some(_), None) => Refusal::Carried,
            (None, None) if kept.answer == Some(Answer::Done) => Refusal::IsDone,
            (None, None) if to <= day || !can_be_due_on(to, today) => Refusal::OtherDay,
            (None, None) if self.kept(to) != Kept::default() => Refusal::Answered,
            (None, None) => return Decision::Apply,
        };
        Decision::Refused(refused)
    }

    /// Returns the next question, for a day from `from` on, that is due later than the instant `after`.
    pub fn next_ask(&self, from: NaiveDate, terms: DayTerms, after: DateTime<Utc>) -> Option<Ask> {
        let ask = |on: NaiveDate| {
            let at = asked_at(on, terms);
            Ask { on, at }
        };
        // Skips days that are too far back to have a question after that instant.
        let from = from.max(terms.day(after) - Days::new(3));
        let day = self.first_from(from, |day| ask(day).at > after)?;
        Some(ask(day))
    }
}

/// Returns when the partner is invited to ask about a day: at ten on the next morning, once the day is over on the
/// owner's clock.
pub fn asked_at(day: NaiveDate, terms: DayTerms) -> DateTime<Utc> {
    let (_, end) = terms.bounds(day);
    next_after(terms.zone, ASK_AT, end)
}

/// An invitation to ask about a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The day.
    pub on: NaiveDate,
    /// When the partner is invited.
    pub at: DateTime<Utc>,
}

/// Returns whether a commitment can be due on a day. The day may lie back as far as answers are accepted, because a
/// phone may have waited for a connection. It may lie at most [`FURTHEST`] ahead.
pub fn can_be_due_on(day: NaiveDate, today: NaiveDate) -> bool {
    let furthest = today.checked_add_days(FURTHEST);
    today - SET_RIGHT <= day && furthest.is_some_and(|furthest| day <= furthest)
}

/// Returns the day from which a weekly commitment made at `made_at` is due, at most as far back as answers are
/// accepted. An instant in the future counts as `now`, because a phone's clock may be fast.
pub fn starts_on(made_at: Option<DateTime<Utc>>, terms: DayTerms, now: DateTime<Utc>) -> NaiveDate {
    let today = terms.day(now);
    let made_on = terms.day(made_at.map_or(now, |made_at| made_at.min(now)));
    made_on.clamp(today - SET_RIGHT, today)
}

/// The decision about a change of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Apply it.
    Apply,
    /// The day is already in this state.
    AlreadyApplied,
    /// The change is refused.
    Refused(Refusal),
}

/// Why a change of a day is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The owner ended the commitment.
    Over,
    /// It is not due on the day.
    NotDue,
    /// The day has not begun.
    NotYet,
    /// The day is long past.
    TooLate,
    /// The day was carried over to another.
    Carried,
    /// The day is answered as done.
    IsDone,
    /// The day to carry over to is not later than this one, is already over, or is too far ahead.
    OtherDay,
    /// The day to carry over to already has an answer.
    Answered,
}
