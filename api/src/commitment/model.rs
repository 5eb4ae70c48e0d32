//! When something is due, and what may be said of a day.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
pub use entity::commitment_day::Answer;

use crate::days::cadence::Cadence;
use crate::days::calendar::DayTerms;
use crate::days::local_time::next_after;
use crate::text::{Lines, TextForm};

/// What a man means to do, in his words.
pub const WORDS: TextForm = TextForm {
    max: 200,
    lines: Lines::One,
};
/// A man has so many at once that are not over.
pub const MOST_OPEN: u64 = 20;
/// A day that something is due on, or carried over to, is no further off than this.
pub const FURTHEST: Days = Days::new(366);
/// How it went can be said, and set right, so long after the day.
pub const SET_RIGHT: Days = Days::new(14);
/// So many due days are shown: today's, and all of which it can still be said how they went.
pub const DAYS_SHOWN: usize = 15;
/// The partner is asked for so long.
pub const ASKED_FOR: TimeDelta = TimeDelta::hours(24);
/// From any day on, one of the weekdays comes within a week; only days up to about today's are carried over.
const LOOKED_AT: usize = 16;

/// At ten in the morning a partner is asked, on the wall clock of the man he asks.
const ASK_AT: NaiveTime = match NaiveTime::from_hms_opt(10, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// When something is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once, on this day.
    Once(NaiveDate),
    /// Every week, on these days.
    Weekly(Cadence),
}

/// What is kept of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// How it went.
    pub answer: Option<Answer>,
    /// When he said so.
    pub answered_at: Option<DateTime<Utc>>,
    /// The day that has taken its place.
    pub carried_to: Option<NaiveDate>,
}

/// A day on which it was due, or is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub due_on: NaiveDate,
    /// What is kept of it.
    pub kept: Kept,
}

/// How far a commitment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It goes on.
    Open,
    /// It was to be done once, and is.
    Done,
    /// He ended it.
    Ended,
}

/// What a man means to do, day by day. A day is due when the plan says so, or when another was carried over to it; of
/// such a day there is something kept, if only that it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// When it is to be done.
    pub when: When,
    /// His day on which he made it: due every week, it is from then on.
    pub from: NaiveDate,
    /// His day on which he ended it: from then on nothing is due.
    pub until: Option<NaiveDate>,
    /// What is kept of days.
    pub kept: BTreeMap<NaiveDate, Kept>,
}

impl Plan {
    /// Whether it is due on a day, or was.
    pub fn is_due(&self, day: NaiveDate) -> bool {
        let kept = self.kept.get(&day);
        if kept.is_some_and(|kept| kept.answer.is_some() || kept.carried_to.is_some()) {
            return true;
        }
        let planned = self.is_of_the_week(day) || self.when == When::Once(day);
        (planned || kept.is_some()) && self.until.is_none_or(|until| day < until)
    }

    /// Whether it is due every week, and on this day of it.
    fn is_of_the_week(&self, day: NaiveDate) -> bool {
        match self.when {
            When::Once(_) => false,
            When::Weekly(weekdays) => self.from <= day && weekdays.includes(day.weekday()),
        }
    }

    /// What is kept of a day.
    pub fn kept(&self, day: NaiveDate) -> Kept {
        self.kept.get(&day).copied().unwrap_or_default()
    }

    /// Whether it is due on a day that no other has taken the place of.
    pub fn stands(&self, day: NaiveDate) -> bool {
        self.is_due(day) && self.kept(day).carried_to.is_none()
    }

    /// Whether a partner is asked about a day. What was to be done once, and is, needs no asking.
    pub fn is_asked_about(&self, day: NaiveDate) -> bool {
        self.stands(day) && self.state() != State::Done
    }

    /// The first day from this one on, and itself among them, that stands and is as asked for.
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

    /// The next day, today included, that stands and of which he has not said how it went.
    pub fn next_due(&self, today: NaiveDate) -> Option<NaiveDate> {
        self.first_from(today, |day| self.kept(day).answer.is_none())
    }

    /// The latest due days up to today, or up to when he ended it, the latest first; before them those to come of which
    /// something is kept.
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

    /// How far it has come.
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

    /// What is to be done once can be done early, and so can what was carried over to a day; of a weekday nothing can be
    /// said before it begins, or when it is long past.
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

    /// What it comes to that he says of a day how it went.
    pub fn answering(&self, day: NaiveDate, answer: Answer, today: NaiveDate) -> Step {
        let kept = self.kept(day);
        if kept.answer == Some(answer) {
            return Step::Stands;
        }
        match self.moment(day, today) {
            Some(refusal) => Step::Refused(refusal),
            None if kept.carried_to.is_some() => Step::Refused(Refusal::Carried),
            None => Step::Take,
        }
    }

    /// What it comes to that another day is to take the place of a day.
    pub fn carrying(&self, day: NaiveDate, to: NaiveDate, today: NaiveDate) -> Step {
        let kept = self.kept(day);
        let refused = match (kept.carried_to, self.moment(day, today)) {
            (Some(before), _) if before == to => return Step::Stands,
            (_, Some(refusal)) => refusal,
            (Some(_), None) => Refusal::Carried,
            (None, None) if kept.answer == Some(Answer::Done) => Refusal::IsDone,
            (None, None) if to <= day || !can_be_due_on(to, today) => Refusal::OtherDay,
            (None, None) if self.kept(to) != Kept::default() => Refusal::Answered,
            (None, None) => return Step::Take,
        };
        Step::Refused(refused)
    }

    /// The first day from one on that the partner is asked about later than an instant, and when.
    pub fn next_ask(&self, from: NaiveDate, terms: DayTerms, after: DateTime<Utc>) -> Option<Ask> {
        let ask = |on: NaiveDate| {
            let at = asked_at(on, terms);
            Ask { on, at }
        };
        // Days that lie far back are passed over whole.
        let from = from.max(terms.day(after) - Days::new(3));
        let day = self.first_from(from, |day| ask(day).at > after)?;
        Some(ask(day))
    }
}

/// When a partner is asked about a day: at ten the next morning, when the day is over by the clock of the man it is
/// of.
pub fn asked_at(day: NaiveDate, terms: DayTerms) -> DateTime<Utc> {
    let (_, end) = terms.bounds(day);
    next_after(terms.zone, ASK_AT, end)
}

/// A day a partner is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Which.
    pub on: NaiveDate,
    /// When he is asked.
    pub at: DateTime<Utc>,
}

/// Whether something can be due on a day: as far back as it can be said how it went, since a phone may have waited for
/// a connection, and not years away.
pub fn can_be_due_on(day: NaiveDate, today: NaiveDate) -> bool {
    let furthest = today.checked_add_days(FURTHEST);
    today - SET_RIGHT <= day && furthest.is_some_and(|furthest| day <= furthest)
}

/// The day from which on something is due every week that was made at an instant: no further back than it can be said
/// how it went. A phone's clock may be fast.
pub fn starts_on(made_at: Option<DateTime<Utc>>, terms: DayTerms, now: DateTime<Utc>) -> NaiveDate {
    let today = terms.day(now);
    let made_on = terms.day(made_at.map_or(now, |made_at| made_at.min(now)));
    made_on.clamp(today - SET_RIGHT, today)
}

/// What a wish comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is to be done.
    Take,
    /// It is done already.
    Stands,
    /// It cannot be done.
    Refused(Refusal),
}

/// Why something cannot be said of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// He ended it.
    Over,
    /// It is not due on the day.
    NotDue,
    /// The day has not begun.
    NotYet,
    /// The day is long past.
    TooLate,
    /// Another day has taken its place.
    Carried,
    /// It is done.
    IsDone,
    /// The day it is to be carried over to is not later, over, or too far off.
    OtherDay,
    /// Of the day it is to be carried over to there is something said already.
    Answered,
}
