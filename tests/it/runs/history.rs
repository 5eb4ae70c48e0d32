//! A member's history, built event by event under the rules of the service, with the stored progress beside it.

use std::collections::BTreeSet;

use api::checkin::runs::{Day, Progress, Record, Settled, progress, settle};
use api::days::cadence::{Cadence, CadenceChange, Pause, Plan};
use api::days::calendar::{Calendar, DayTerms};
use api::zones::Zone;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

/// A member's history and stored progress.
pub struct History {
    /// The present.
    pub now: DateTime<Utc>,
    terms: DayTerms,
    past: Vec<(DateTime<Utc>, DayTerms)>,
    written: BTreeSet<NaiveDate>,
    plan: Plan,
    settled: Option<Settled>,
}

impl History {
    /// A new member in a zone, with days that begin at `day_start_hour`.
    pub fn new(now: &str, zone: Zone, day_start_hour: u32) -> Self {
        Self {
            now: now.parse().unwrap(),
            terms: DayTerms {
                zone,
                day_start_hour,
            },
            past: Vec::new(),
            written: BTreeSet::new(),
            plan: Plan::default(),
            settled: None,
        }
    }

    /// Returns the member's calendar.
    pub fn calendar(&self) -> Calendar {
        Calendar::new(self.terms, self.past.clone())
    }

    /// Returns the member's present day.
    pub fn today(&self) -> NaiveDate {
        self.calendar().day_at(self.now)
    }

    /// Advances the time.
    pub fn wait(&mut self, by: TimeDelta) {
        self.now += by;
    }

    /// Advances the time until the local time is `local`.
    pub fn wait_until(&mut self, local: &str) {
        let wall = chrono::NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        let at = wall.and_local_timezone(self.terms.zone).earliest().unwrap();
        assert!(at >= self.now, "{local} is over");
        self.now = at.to_utc();
    }

    /// Checks in for a date. Returns `false` if it is not open, or has a check-in.
    pub fn check_in_for(&mut self, date: NaiveDate) -> bool {
        self.calendar().accepts(date, self.now) && self.written.insert(date)
    }

    /// Checks in for today.
    pub fn check_in(&mut self) -> bool {
        self.check_in_for(self.today())
    }

    /// Checks in on this many days, the first of them today.
    pub fn check_in_daily(&mut self, days: u32) {
        for _ in 0..days {
            assert!(self.check_in());
            self.wait(TimeDelta::days(1));
        }
    }

    /// Moves to another zone, or another start of the day.
    pub fn move_to(&mut self, zone: Zone, day_start_hour: u32) {
        self.past.push((self.now, self.terms));
        self.terms = DayTerms {
            zone,
            day_start_hour,
        };
    }

    /// Returns the first day that a new plan applies to.
    fn next_unwritten(&self) -> NaiveDate {
        let behind = self.written.last().map(|last| *last + Days::new(1));
        behind.map_or(self.today(), |behind| behind.max(self.today()))
    }

    /// Chooses other weekdays.
    pub fn choose(&mut self, cadence: Cadence) {
        let from = self.next_unwritten();
        self.plan.cadences.retain(|change| change.from < from);
        self.plan.cadences.push(CadenceChange { from, cadence });
    }

    /// Pauses. Returns `false` if the first day is closed.
    pub fn pause(&mut self, first: NaiveDate, last: NaiveDate) -> bool {
        if self.calendar().is_closed(first, self.now) {
            return false;
        }
        self.plan.pauses.push(Pause { first, last });
        true
    }

    /// Ends every pause.
    pub fn end_pauses(&mut self) {
        let last = self.next_unwritten() - Days::new(1);
        for pause in &mut self.plan.pauses {
            pause.last = pause.last.min(last);
        }
        self.plan.pauses.retain(|pause| pause.first <= pause.last);
    }

    fn record<T>(&self, written: &BTreeSet<NaiveDate>, read: impl FnOnce(&Record<'_>) -> T) -> T {
        read(&Record {
            written,
            plan: &self.plan,
            calendar: &self.calendar(),
        })
    }

    /// Reads what the database would load: nothing that matters to settled days only.
    fn unsettled<T>(&self, read: impl FnOnce(&Record<'_>) -> T) -> T {
        let Some(settled) = &self.settled else {
            return self.record(&self.written, read);
        };
        let through = settled.through;
        let written = self.written.iter().filter(|date| **date > through);
        let cadences = &self.plan.cadences;
        let first = cadences.partition_point(|change| change.from <= through);
        let behind = through.and_time(chrono::NaiveTime::MIN).and_utc();
        let past = self.past.iter().filter(|(until, _)| *until > behind);
        read(&Record {
            written: &written.copied().collect(),
            plan: &Plan {
                cadences: cadences[first.saturating_sub(1)..].to_vec(),
                pauses: self
                    .plan
                    .pauses
                    .iter()
                    .filter(|pause| pause.last > through)
                    .copied()
                    .collect(),
            },
            calendar: &Calendar::new(self.terms, past.copied().collect()),
        })
    }

    /// Settles the stored progress, as of a time that may lie a little back.
    pub fn settle(&mut self, slow_by: TimeDelta) {
        let now = self.now - slow_by;
        self.settled = self.unsettled(|record| settle(self.settled.as_ref(), record, now));
    }

    /// Returns the progress that follows from the stored one.
    pub fn incremental(&self) -> Progress {
        self.unsettled(|record| progress(self.settled.as_ref(), record, self.now))
    }

    /// Returns the progress that follows from the whole history.
    pub fn computed_from_scratch(&self) -> Progress {
        self.record(&self.written, |record| progress(None, record, self.now))
    }

    /// Returns the progress. Asserts that both computations agree.
    #[track_caller]
    pub fn progress(&self) -> Progress {
        let progress = self.computed_from_scratch();
        assert_eq!(self.incremental(), progress);
        progress
    }

    /// Returns the last days as letters, today last.
    #[track_caller]
    pub fn last(&self, days: usize) -> String {
        let recent = self.progress().recent;
        let last = recent[recent.len() - days..].iter();
        last.map(|shown| letter(shown.day)).collect()
    }
}

fn letter(day: Day) -> char {
    match day {
        Day::CheckedIn => 'C',
        Day::Reserve => 'R',
        Day::Paused => 'P',
        Day::Off => '-',
        Day::Open => '?',
        Day::Quiet => '.',
    }
}
