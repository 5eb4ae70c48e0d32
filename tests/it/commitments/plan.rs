//! When something is due, by examples.

use std::collections::BTreeMap;

use api::commitment::model::{Answer, Ask, DAYS_SHOWN, Decision, Plan, Refusal, State, When};
use api::days::cadence::Cadence;
use api::days::calendar::DayTerms;
use chrono::Weekday::{Mon, Thu};
use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use support::zone;

fn march(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
}

fn plan(when: When) -> Plan {
    Plan {
        when,
        from: march(10),
        until: None,
        kept: BTreeMap::new(),
    }
}

fn weekly() -> Plan {
    plan(When::Weekly(Cadence::on(&[Mon, Thu]).unwrap()))
}

fn carry(plan: &mut Plan, day: u32, to: u32) {
    plan.kept.entry(march(day)).or_default().carried_to = Some(march(to));
    plan.kept.entry(march(to)).or_default();
}

fn answer(plan: &mut Plan, day: u32, answer: Answer) {
    plan.kept.entry(march(day)).or_default().answer = Some(answer);
}

#[test]
fn weekdays_are_due_from_the_start_until_the_end() {
    // The tenth is a Tuesday.
    let mut plan = weekly();
    let due =
        |plan: &Plan| -> Vec<u32> { (1..=31).filter(|day| plan.is_due(march(*day))).collect() };
    assert_eq!(due(&plan), [12, 16, 19, 23, 26, 30]);
    carry(&mut plan, 16, 18);
    plan.until = Some(march(18));
    assert_eq!(due(&plan), [12, 16]);
    answer(&mut plan, 18, Answer::Partly);
    assert_eq!(due(&plan), [12, 16, 18]);
}

#[test]
fn a_carried_over_day_is_not_due() {
    let mut plan = weekly();
    carry(&mut plan, 12, 14);
    assert_eq!(plan.next_due(march(12)), Some(march(14)));
    answer(&mut plan, 14, Answer::Done);
    assert_eq!(plan.next_due(march(12)), Some(march(16)));
    let mut once = plan_once(12);
    carry(&mut once, 12, 14);
    assert_eq!(once.next_due(march(10)), Some(march(14)));
    assert_eq!(once.state(), State::Open);
    answer(&mut once, 14, Answer::Done);
    assert_eq!(once.next_due(march(10)), None);
    assert_eq!(once.state(), State::Done);
}

fn plan_once(day: u32) -> Plan {
    plan(When::Once(march(day)))
}

#[test]
fn a_due_day_can_be_answered_only_in_its_time() {
    let done = |plan: &Plan, day, today| plan.answering(march(day), Answer::Done, march(today));
    let mut plan = weekly();
    assert_eq!(done(&plan, 12, 12), Decision::Apply);
    assert_eq!(done(&plan, 12, 26), Decision::Apply);
    assert_eq!(done(&plan, 12, 11), Decision::Refused(Refusal::NotYet));
    assert_eq!(done(&plan, 12, 27), Decision::Refused(Refusal::TooLate));
    assert_eq!(done(&plan, 13, 13), Decision::Refused(Refusal::NotDue));
    answer(&mut plan, 12, Answer::Partly);
    assert_eq!(done(&plan, 12, 13), Decision::Apply);
    carry(&mut plan, 12, 14);
    assert_eq!(done(&plan, 12, 13), Decision::Refused(Refusal::Carried));
    let again = plan.answering(march(12), Answer::Partly, march(31));
    assert_eq!(again, Decision::AlreadyApplied);
    plan.until = Some(march(20));
    assert_eq!(done(&plan, 16, 21), Decision::Refused(Refusal::Over));
    // A commitment for one day can be answered early, and waits until it is answered.
    assert_eq!(done(&plan_once(30), 30, 10), Decision::Apply);
    assert_eq!(done(&plan_once(11), 11, 31), Decision::Apply);
}

#[test]
fn a_day_is_carried_over_once_to_a_later_one() {
    let step = |plan: &Plan, to, today| plan.carrying(march(12), march(to), march(today));
    let mut plan = weekly();
    assert_eq!(step(&plan, 14, 12), Decision::Apply);
    assert_eq!(step(&plan, 16, 14), Decision::Apply);
    // The phone may have been offline.
    assert_eq!(step(&plan, 13, 14), Decision::Apply);
    for (to, today) in [(12, 12), (11, 12), (12, 20)] {
        let other = Decision::Refused(Refusal::OtherDay);
        assert_eq!(step(&plan, to, today), other, "{to}");
    }
    answer(&mut plan, 16, Answer::Done);
    assert_eq!(step(&plan, 16, 14), Decision::Refused(Refusal::Answered));
    answer(&mut plan, 12, Answer::Done);
    assert_eq!(step(&plan, 14, 12), Decision::Refused(Refusal::IsDone));
    answer(&mut plan, 12, Answer::NotThisTime);
    carry(&mut plan, 12, 14);
    assert_eq!(step(&plan, 14, 31), Decision::AlreadyApplied);
    assert_eq!(step(&plan, 15, 13), Decision::Refused(Refusal::Carried));
}

#[test]
fn a_carried_over_day_can_be_answered_early_and_carried_on() {
    let mut plan = weekly();
    carry(&mut plan, 12, 20);
    let step = |plan: &Plan, day| plan.answering(march(day), Answer::Done, march(13));
    assert_eq!(step(&plan, 20), Decision::Apply);
    assert_eq!(
        plan.carrying(march(20), march(15), march(13)),
        Decision::Refused(Refusal::OtherDay)
    );
    assert_eq!(
        plan.carrying(march(20), march(22), march(13)),
        Decision::Apply
    );
    // The weekday itself cannot be answered before it begins.
    assert_eq!(step(&plan, 19), Decision::Refused(Refusal::NotYet));
}

#[test]
fn the_latest_days_are_shown() {
    let mut plan = weekly();
    assert_eq!(plan.recent(march(11)), []);
    carry(&mut plan, 12, 14);
    let shown = |plan: &Plan, today| -> Vec<u32> {
        let days = plan.recent(march(today)).into_iter();
        days.map(|day| day.due_on.day()).collect()
    };
    assert_eq!(shown(&plan, 12), [14, 12]);
    assert_eq!(shown(&plan, 16), [16, 14, 12]);
    let year_on = march(16) + Days::new(364);
    assert_eq!(plan.recent(year_on).len(), DAYS_SHOWN);
    assert_eq!(shown(&plan_once(30), 10), [30]);
}

#[test]
fn the_follow_up_is_at_ten_the_next_morning() {
    let terms = DayTerms {
        zone: zone("Europe/London"),
        day_start_hour: 3,
    };
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let mut plan = weekly();
    // Clocks go forward on the 29th.
    let next = |plan: &Plan, from, after| plan.next_ask(march(from), terms, at(after));
    let ask = |day, text| {
        Some(Ask {
            on: march(day),
            at: at(text),
        })
    };
    let made = "2026-03-10T12:00:00Z";
    assert_eq!(next(&plan, 10, made), ask(12, "2026-03-13T10:00:00Z"));
    assert_eq!(next(&plan, 13, made), ask(16, "2026-03-17T10:00:00Z"));
    assert_eq!(
        next(&plan, 10, "2026-03-27T10:00:00Z"),
        ask(30, "2026-03-31T09:00:00Z")
    );
    carry(&mut plan, 12, 28);
    assert_eq!(
        next(&plan, 27, "2026-03-27T10:00:00Z"),
        ask(28, "2026-03-29T09:00:00Z")
    );
    assert_eq!(next(&plan_once(12), 13, made), None);
}
