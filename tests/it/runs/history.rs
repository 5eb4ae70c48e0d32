//! A member's history, made event by event as the service lets it happen, with what is kept of it beside it.

use std::collections::BTreeSet;

use api::checkin::runs::{Day, Progress, Record, Settled, progress, settle};
use api::days::cadence::{Cadence, CadenceChange, Pause, Plan};
use api::days::calendar::{Calendar, DayTerms};
use api::zones::Zone;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

/// See the module.
pub struct History {
    /// The time.
    pub now: DateTime<Utc>,
    terms: DayTerms,
    past: Vec<(DateTime<Utc>, DayTerms)>,
    written: BTreeSet<NaiveDate>,
    plan: Plan,
    settled: Option<Settled>,
}

impl History {
    /// Of somebody who is new, in a zone, with days that begin at an hour.
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

    /// His calendar.
    pub fn calendar(&self) -> Calendar {
        Calendar::new(self.terms, self.past.clone())
    }

    /// His day.
    pub fn today(&self) -> NaiveDate {
        self.calendar().day_at(self.now)
    }

    /// Time goes on.
    pub fn wait(&mut self, by: TimeDelta) {
        self.now += by;
    }

    /// Time goes on until his wall clock shows this.
    pub fn wait_until(&mut self, local: &str) {
        let wall = chrono::NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        let at = wall.and_local_timezone(self.terms.zone).earliest().unwrap();
        assert!(at >= self.now, "{local} is over");
        self.now = at.to_utc();
    }

    /// He checks in for a date; false when it is not open.
    pub fn check_in_for(&mut self, date: NaiveDate) -> bool {
        self.calendar().accepts(date, self.now) && self.written.insert(date)
    }

    /// He checks in for today.
    pub fn check_in(&mut self) -> bool {
        self.check_in_for(self.today())
    }

    /// He checks in at noon on so many days, today's the first.
    pub fn check_in_daily(&mut self, days: u32) {
        for _ in 0..days {
            assert!(self.check_in());
            self.wait(TimeDelta::days(1));
        }
    }

    /// He arrives in another zone, or has his days begin at another hour.
    pub fn move_to(&mut self, zone: Zone, day_start_hour: u32) {
        self.past.push((self.now, self.terms));
        self.terms = DayTerms {
            zone,
            day_start_hour,
        };
    }

    /// The first day that what he plans from now on is for.
    fn next_unwritten(&self) -> NaiveDate {
        let behind = self.written.last().map(|last| *last + Days::new(1));
        behind.map_or(self.today(), |behind| behind.max(self.today()))
    }

    /// He chooses other weekdays.
    pub fn choose(&mut self, cadence: Cadence) {
        let from = self.next_unwritten();
        self.plan.cadences.retain(|change| change.from < from);
        self.plan.cadences.push(CadenceChange { from, cadence });
    }

    /// He pauses; false when the first of the days is closed.
    pub fn pause(&mut self, first: NaiveDate, last: NaiveDate) -> bool {
        if self.calendar().is_closed(first, self.now) {
            return false;
        }
        self.plan.pauses.push(Pause { first, last });
        true
    }

    /// He ends every pause.
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

    /// As the database is asked for it: nothing that only matters to days that are settled.
    fn kept<T>(&self, read: impl FnOnce(&Record<'_>) -> T) -> T {
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

    /// What is kept of him is brought up to date, as of a time that may lie a little back.
    pub fn settle(&mut self, slow_by: TimeDelta) {
        let now = self.now - slow_by;
        self.settled = self.kept(|record| settle(self.settled.as_ref(), record, now));
    }

    /// From what is kept of him.
    pub fn incremental(&self) -> Progress {
        self.kept(|record| progress(self.settled.as_ref(), record, self.now))
    }

    /// From all there ever was.
    pub fn told_anew(&self) -> Progress {
        self.record(&self.written, |record| progress(None, record, self.now))
    }

    /// Both, which are the same.
    #[track_caller]
    pub fn progress(&self) -> Progress {
        let progress = self.told_anew();
        assert_eq!(self.incremental(), progress);
        progress
    }

    /// The last days as letters, today's the last.
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
