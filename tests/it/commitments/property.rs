//! When something is due, compared with a plain list of days.

use std::collections::BTreeMap;

use api::commitment::model::{Answer, DAYS_SHOWN, Decision, Plan, When};
use api::days::cadence::Cadence;
use chrono::{Datelike as _, Days, NaiveDate};
use proptest::prelude::*;

/// What a member does, day after day.
#[derive(Clone, Debug)]
enum Act {
    /// Waits this many nights.
    Wait(u64),
    /// Answers for a day, counted from today.
    Answer(i64, Answer),
    /// Carries a day over to another, both counted from today.
    Carry(i64, i64),
}

fn act() -> impl Strategy<Value = Act> {
    let answer = prop::sample::select(vec![Answer::Done, Answer::Partly, Answer::NotThisTime]);
    prop_oneof![
        3 => (1..6u64).prop_map(Act::Wait),
        3 => (-16..3i64, answer).prop_map(|(day, answer)| Act::Answer(day, answer)),
        3 => (-16..3i64, -1..9i64).prop_map(|(day, to)| Act::Carry(day, to)),
    ]
}

fn plans() -> impl Strategy<Value = Plan> {
    let from = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
    let when = prop_oneof![
        (0..20u64).prop_map(move |later| When::Once(from + Days::new(later))),
        (1..128u8).prop_map(|mask| When::Weekly(Cadence::from_mask(mask).unwrap())),
    ];
    when.prop_map(move |when| Plan {
        when,
        from,
        until: None,
        kept: BTreeMap::new(),
    })
}

fn at(today: NaiveDate, away: i64) -> NaiveDate {
    today + chrono::TimeDelta::days(away)
}

/// Every day of the plan itself, to well after the last action.
fn planned(plan: &Plan) -> BTreeMap<NaiveDate, bool> {
    let all = plan.from.iter_days().take(200);
    let due = all.filter(|day| match plan.when {
        When::Once(once) => once == *day,
        When::Weekly(weekdays) => weekdays.includes(day.weekday()),
    });
    due.map(|day| (day, false)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn due_days_are_the_planned_and_the_carried_over_ones(
        mut plan in plans(), acts in prop::collection::vec(act(), 0..40),
    ) {
        // Each due day, and whether it was carried over.
        let mut due = planned(&plan);
        let mut today = plan.from;
        for act in acts {
            match act {
                Act::Wait(nights) => today = today + Days::new(nights),
                Act::Answer(away, answer) => {
                    let day = at(today, away);
                    let step = plan.answering(day, answer, today);
                    let of_the_week = match plan.when {
                        When::Once(_) => false,
                        When::Weekly(weekdays) => weekdays.includes(day.weekday()),
                    };
                    let once = matches!(plan.when, When::Once(_));
                    let has_begun = day <= today || !of_the_week;
                    let in_time = once || has_begun && today <= day + Days::new(14);
                    let new = plan.kept(day).answer != Some(answer);
                    let can_be_said = due.get(&day) == Some(&false) && in_time && new;
                    prop_assert_eq!(step == Decision::Apply, can_be_said, "{} on {}", day, today);
                    if step == Decision::Apply {
                        prop_assert_eq!(due.get(&day), Some(&false), "{}", day);
                        plan.kept.entry(day).or_default().answer = Some(answer);
                        // The same answer again changes nothing.
                        prop_assert_eq!(plan.answering(day, answer, today), Decision::AlreadyApplied);
                    }
                    prop_assert!(due.contains_key(&day) || matches!(step, Decision::Refused(_)));
                }
                Act::Carry(away, later) => {
                    let (day, to) = (at(today, away), at(today, later));
                    if plan.carrying(day, to, today) == Decision::Apply {
                        prop_assert!(day < to && today - Days::new(14) <= to);
                        prop_assert_eq!(due.insert(day, true), Some(false));
                        due.entry(to).or_insert(false);
                        plan.kept.entry(day).or_default().carried_to = Some(to);
                        plan.kept.entry(to).or_default();
                        prop_assert_eq!(plan.carrying(day, to, today), Decision::AlreadyApplied);
                    }
                }
            }
            for day in at(today, -30).iter_days().take(60) {
                prop_assert_eq!(plan.is_due(day), due.contains_key(&day), "{}", day);
                prop_assert_eq!(plan.stands(day), due.get(&day) == Some(&false), "{}", day);
            }
            let answered = |day: &NaiveDate| plan.kept(*day).answer.is_some();
            let open = due.range(today..).filter(|(day, carried)| !**carried && !answered(day));
            prop_assert_eq!(plan.next_due(today), open.map(|(day, _)| *day).next());
            let shown: Vec<NaiveDate> = plan.recent(today).iter().map(|day| day.due_on).collect();
            let once = matches!(plan.when, When::Once(_));
            let mut expected: Vec<NaiveDate> = due
                .keys()
                .filter(|day| once || **day <= today || plan.kept.contains_key(*day))
                .copied()
                .collect();
            expected.reverse();
            let to_come = expected.iter().take_while(|day| **day > today).count();
            expected.truncate(to_come + DAYS_SHOWN);
            prop_assert_eq!(shown, expected);
        }
    }
}
