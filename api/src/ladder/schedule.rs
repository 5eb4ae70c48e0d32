//! When rungs are due: after a number of missed days, at the owner's chosen time, and at least a day after the previous
//! rung.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::model::{Kind, Rung};
use crate::days::cadence::Plan;
use crate::days::calendar::Calendar;
use crate::days::local_time::next_after;

/// The most days that are searched for missed days. Enough for sixty weeks with one planned day each, and pauses of two
/// years.
const LOOKED_AT: usize = 1200;

/// A worker that is at most this late still sends a due rung. Later it waits for the owner's next chosen time.
const LATE: TimeDelta = TimeDelta::hours(1);

/// The input for computing a member's missed days.
#[derive(Clone, Copy, Debug)]
pub struct Quiet<'a> {
    /// The member's plan.
    pub plan: &'a Plan,
    /// The calendar of the member's days.
    pub calendar: &'a Calendar,
    /// The first day that counts. The member was here on the day before.
    pub counts_from: NaiveDate,
    /// The chosen time of day.
    pub local_time: NaiveTime,
}

/// The part of a rung that decides when it is due.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// The kind of recipient.
    pub kind: Kind,
    /// The number of missed days after which it is due.
    pub after_days: u32,
    /// When it was sent, since the member was last here.
    pub told_at: Option<DateTime<Utc>>,
    /// Whether the recipient may be notified.
    pub may: bool,
}

impl Quiet<'_> {
    /// Returns the days that are missed if the member does nothing, from `counts_from` on, without days off, paused
    /// days and days skipped by travel.
    fn days(&self, now: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
        let counts = move |day: &NaiveDate| {
            let plan = self.plan;
            plan.includes(*day)
                && !plan.is_paused(*day)
                && !self.calendar.was_passed_over(*day, now)
        };
        let days = self.counts_from.iter_days().take(LOOKED_AT);
        days.filter(counts)
    }

    /// Returns the first missed day.
    pub fn first_day(&self, now: DateTime<Utc>) -> Option<NaiveDate> {
        self.days(now).next()
    }

    /// Returns the first chosen time at which `after` days have been missed, or `None` if that is too far ahead.
    fn passed(&self, after: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before = usize::try_from(after.checked_sub(1)?).ok()?;
        let last = self.days(now).nth(before)?;
        let (_, ends) = self.calendar.terms_on(last, now).bounds(last);
        // `next_time` is strictly later, so this includes a chosen time that is exactly the end of the day.
        Some(self.next_time(ends - TimeDelta::microseconds(1), now))
    }

    fn next_time(&self, after: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        next_after(self.calendar.terms_at(now).zone, self.local_time, after)
    }

    /// Returns when each rung that was not sent is due, lowest first, if the member does nothing.
    ///
    /// A rung is always due at the chosen time, even if an earlier one had no recipient or a recipient agreed late. It
    /// is due at least a day after the previous rung, so that the member can respond to that.
    pub fn times(&self, rungs: &[Waiting], now: DateTime<Utc>) -> Vec<(Kind, DateTime<Utc>)> {
        let this_time = self.next_time(now - LATE, now);
        let mut sent_at = rungs.iter().filter_map(|rung| rung.told_at).max();
        let mut times = Vec::new();
        for rung in rungs.iter().filter(|rung| rung.told_at.is_none()) {
            let Some(passed) = self.passed(rung.after_days, now) else {
                continue;
            };
            let at = passed.max(this_time);
            let at = sent_at.map_or(at, |sent_at| at.max(self.next_time(sent_at, now)));
            // Only a rung that will be sent delays the next one.
            if rung.may {
                sent_at = Some(at);
            }
            times.push((rung.kind, at));
        }
        times
    }

    /// Returns when the next of the given rungs is due, among those for which `may` is true.
    pub fn next(
        &self,
        rungs: &[Rung],
        may: impl Fn(&Rung) -> bool,
        now: DateTime<Utc>,
    ) -> Option<(Kind, DateTime<Utc>)> {
        // Sent rungs stay in, because they delay the next one.
        let them = rungs.iter().map(|rung| rung.waiting(may(rung)));
        let them: Vec<_> = them
            .filter(|rung| rung.may || rung.told_at.is_some())
            .collect();
        self.times(&them, now).into_iter().next()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike as _, Days, Weekday};
    use proptest::prelude::*;

    use super::*;
    use crate::days::cadence::{Cadence, CadenceChange, Pause};
    use crate::days::calendar::DayTerms;
    use crate::zones::zone;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    fn terms(zone: crate::zones::Zone, day_start_hour: u32) -> DayTerms {
        DayTerms {
            zone,
            day_start_hour,
        }
    }

    fn plan_on(days: &[Weekday]) -> Plan {
        Plan {
            cadences: vec![CadenceChange {
                from: day("2026-01-01"),
                cadence: Cadence::on(days).unwrap(),
            }],
            pauses: Vec::new(),
        }
    }

    fn plan_paused(first: &str, last: &str) -> Plan {
        Plan {
            cadences: Vec::new(),
            pauses: vec![Pause {
                first: day(first),
                last: day(last),
            }],
        }
    }

    /// Returns when a rung is due after so many days, counted from Wednesday, 11 March 2026.
    fn due_at(plan: &Plan, calendar: &Calendar, at: &str, after: u32) -> Option<DateTime<Utc>> {
        let quiet = Quiet {
            plan,
            calendar,
            counts_from: day("2026-03-11"),
            local_time: time(at),
        };
        quiet.passed(after, utc("2026-03-10T20:00:00Z"))
    }

    #[test]
    fn a_rung_is_due_at_the_chosen_time_after_its_number_of_missed_days() {
        use Weekday::{Fri, Mon, Wed};
        let london = Calendar::new(terms(zone("Europe/London"), 3), Vec::new());
        let daily = Plan::default();
        for (plan, at, after, expected) in [
            // A member who stops on Tuesday gets the note on Thursday, and the partner is notified on Saturday.
            (&daily, "09:00", 1, "2026-03-12T09:00:00Z"),
            (&daily, "09:00", 3, "2026-03-14T09:00:00Z"),
            // The member's day ends at three.
            (&daily, "03:00", 1, "2026-03-12T03:00:00Z"),
            (&daily, "02:59", 1, "2026-03-13T02:59:00Z"),
            // Clocks go forward on 29 March.
            (&daily, "09:00", 18, "2026-03-29T08:00:00Z"),
            // Days off and paused days do not count.
            (
                &plan_on(&[Mon, Wed, Fri]),
                "09:00",
                2,
                "2026-03-14T09:00:00Z",
            ),
            (
                &plan_on(&[Mon, Wed, Fri]),
                "09:00",
                3,
                "2026-03-17T09:00:00Z",
            ),
            (&plan_on(&[Mon]), "09:00", 60, "2027-05-04T08:00:00Z"),
            (
                &plan_paused("2026-03-12", "2026-03-15"),
                "09:00",
                2,
                "2026-03-17T09:00:00Z",
            ),
        ] {
            let found = due_at(plan, &london, at, after);
            assert_eq!(found, Some(utc(expected)), "{at} {after} {plan:?}");
        }
        // A pause of many years exceeds the search limit.
        let years = plan_paused("2026-03-11", "2036-03-11");
        assert_eq!(due_at(&years, &london, "09:00", 1), None);
        assert_eq!(due_at(&daily, &london, "09:00", 0), None);
    }

    #[test]
    fn a_day_skipped_by_a_flight_does_not_count() {
        // In Pago Pago it is still Tuesday. In Kiritimati, the destination, it is already Thursday.
        let left = utc("2026-03-11T13:30:00Z");
        let before = (left, terms(zone("Pacific/Pago_Pago"), 3));
        let calendar = Calendar::new(terms(zone("Pacific/Kiritimati"), 3), vec![before]);
        let arrived = left + TimeDelta::hours(6);
        assert_eq!(
            calendar.day_at(left - TimeDelta::hours(1)),
            day("2026-03-10")
        );
        assert_eq!(calendar.day_at(arrived), day("2026-03-12"));
        let plan = Plan::default();
        let quiet = Quiet {
            plan: &plan,
            calendar: &calendar,
            counts_from: day("2026-03-11"),
            local_time: time("09:00"),
        };
        let friday = utc("2026-03-12T19:00:00Z");
        assert_eq!(quiet.passed(1, arrived), Some(friday));
    }

    #[test]
    fn a_member_has_a_day_between_two_rungs() {
        let (plan, calendar) = (
            Plan::default(),
            Calendar::new(terms(zone("Europe/London"), 3), Vec::new()),
        );
        let quiet = Quiet {
            plan: &plan,
            calendar: &calendar,
            counts_from: day("2026-03-11"),
            local_time: time("09:00"),
        };
        // No rung was sent for a week.
        let now = utc("2026-03-20T15:00:00Z");
        let rung = |kind, after_days, told_at, may| Waiting {
            kind,
            after_days,
            told_at,
            may,
        };
        let rungs = [
            rung(Kind::Own, 1, None, true),
            rung(Kind::Partner, 3, None, false),
            rung(Kind::Facilitator, 5, None, true),
        ];
        let (first, second) = (utc("2026-03-21T09:00:00Z"), utc("2026-03-22T09:00:00Z"));
        let all = [
            (Kind::Own, first),
            (Kind::Partner, second),
            (Kind::Facilitator, second),
        ];
        assert_eq!(quiet.times(&rungs, now), all);
        // A slightly late worker still sends it.
        let nine = utc("2026-03-20T09:00:00Z");
        for (late, at) in [(0, nine), (59, nine), (60, first)] {
            let now = nine + TimeDelta::minutes(late);
            assert_eq!(quiet.times(&rungs, now)[0].1, at, "{late}");
        }
        let rungs = [
            rung(Kind::Own, 1, Some(now), true),
            rung(Kind::Partner, 3, None, true),
        ];
        assert_eq!(quiet.times(&rungs, now), [(Kind::Partner, first)]);
    }

    const ZONES: [&str; 5] = [
        "Europe/London",
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Pacific/Apia",
    ];

    proptest! {
        #[test]
        fn a_rung_is_due_at_the_first_chosen_time_with_enough_missed_days(
            zone in prop::sample::select(&ZONES[..]).prop_map(zone),
            start in 0_u32..=6,
            minute in 0_u32..1440,
            weekdays in 1_u8..128,
            pauses in prop::collection::vec((0_u64..40, 0_u64..9), 0..3),
            after in 1_u32..12,
            // From the end of 2025 to 2027, or around the day that Apia skipped.
            from in prop_oneof![(0_u64..700).prop_map(Ok), (0_u64..20).prop_map(Err)],
        ) {
            let from = match from {
                Ok(days) => day("2025-12-01") + Days::new(days),
                Err(days) => day("2011-12-20") + Days::new(days),
            };
            let plan = Plan {
                cadences: vec![CadenceChange {
                    from: from - Days::new(1),
                    cadence: Cadence::from_mask(weekdays).unwrap(),
                }],
                pauses: pauses.into_iter().map(|(first, long)| Pause {
                    first: from + Days::new(first),
                    last: from + Days::new(first + long),
                }).collect(),
            };
            let terms = terms(zone, start);
            let calendar = Calendar::new(terms, Vec::new());
            let local_time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
            let quiet = Quiet { plan: &plan, calendar: &calendar, counts_from: from, local_time };
            let (now, _) = terms.bounds(from - Days::new(1));
            let due_at = quiet.passed(after, now).unwrap();
            let missed_days = |at: DateTime<Utc>| {
                let days = from.iter_days().take_while(|day| terms.bounds(*day).1 <= at);
                let his = days.filter(|day| {
                    weekdays >> day.weekday().num_days_from_monday() & 1 == 1 && !plan.is_paused(*day)
                });
                u32::try_from(his.count()).unwrap()
            };
            prop_assert!(missed_days(due_at) >= after);
            // Earlier chosen times have fewer missed days.
            let mut at = now;
            loop {
                at = next_after(zone, local_time, at);
                if at >= due_at {
                    break;
                }
                prop_assert!(missed_days(at) < after, "{at}");
            }
            prop_assert_eq!(at, due_at);
        }
    }
}
