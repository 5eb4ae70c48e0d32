//! Examples of runs: bugs of other services (the public reports on Habitica are a good list), and our own promises.

use api::checkin::runs::{TodayState, next_milestone};
use api::days::cadence::Cadence;
use chrono::{NaiveDate, TimeDelta, Weekday};
use support::zone;

use super::history::History;

/// Returns the history of a new member, at noon on a Tuesday.
fn mike() -> History {
    History::new("2026-03-10T12:00:00Z", zone("Europe/London"), 3)
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn a_new_member_has_nothing_to_catch_up_on() {
    let new = mike().progress();
    assert_eq!(
        (new.days_shown_up, new.current_run, new.reserves),
        (0, 0, 1)
    );
    assert_eq!(new.today_state, TodayState::New);
    assert_eq!(mike().last(28), "-".repeat(28));
}

#[test]
fn a_run_grows_a_day_at_a_time() {
    let mut mike = mike();
    mike.check_in_daily(5);
    let open = mike.progress();
    assert_eq!((open.current_run, open.longest_run), (5, 5));
    assert_eq!(open.today_state, TodayState::Open);
    assert_eq!(mike.last(6), "CCCCC?");
    assert!(mike.check_in());
    assert!(!mike.check_in(), "a day counts once");
    assert_eq!(mike.progress().today_state, TodayState::CheckedIn);
    assert_eq!(mike.progress().current_run, 6);
}

#[test]
fn a_reserve_day_covers_a_missed_day_when_that_ends() {
    let mut mike = mike();
    mike.check_in_daily(2);
    mike.wait_until("2026-03-13 02:59");
    assert_eq!(
        (mike.last(3), mike.progress().reserves),
        ("CC?".to_owned(), 1)
    );
    mike.wait_until("2026-03-13 03:00");
    assert_eq!(
        (mike.last(4), mike.progress().reserves),
        ("CCR?".to_owned(), 0)
    );
    assert_eq!(mike.progress().current_run, 2);
    mike.check_in();
    assert_eq!(
        mike.progress().current_run,
        3,
        "a skip neither adds nor ends"
    );
}

#[test]
fn seven_check_ins_earn_a_reserve_day_and_three_can_be_held() {
    let mut mike = mike();
    let mut held = Vec::new();
    for _ in 0..28 {
        mike.check_in_daily(1);
        held.push(mike.progress().reserves);
    }
    assert_eq!(
        [held[5], held[6], held[13], held[20], held[27]],
        [1, 2, 3, 3, 3]
    );
}

#[test]
fn a_day_can_be_written_until_48_hours_after_its_end() {
    let mut mike = mike();
    mike.check_in_daily(2);
    mike.wait_until("2026-03-15 02:59");
    assert_eq!(mike.last(5), "CCR??");
    assert!(
        mike.check_in_for(date("2026-03-12")),
        "its reserve comes back"
    );
    assert_eq!(
        (mike.last(5), mike.progress().reserves),
        ("CCCR?".to_owned(), 0)
    );
    mike.wait_until("2026-03-15 03:00");
    assert!(!mike.check_in_for(date("2026-03-11")));
    assert!(mike.check_in_for(date("2026-03-13")));
    assert_eq!(mike.progress().current_run, 4);
}

#[test]
fn a_run_waits_for_a_day_that_can_still_be_written() {
    let mut mike = mike();
    mike.check_in_daily(3);
    mike.wait(TimeDelta::days(1));
    mike.wait(TimeDelta::days(1));
    assert_eq!(mike.last(6), "CCCR??");
    let waits = mike.progress();
    assert_eq!(waits.today_state, TodayState::Mendable);
    assert_eq!((waits.current_run, waits.longest_run), (3, 3));
    mike.check_in();
    let unsure = mike.progress();
    assert_eq!(
        (unsure.current_run, unsure.longest_run),
        (4, 3),
        "a run that is not certain is no record"
    );

    let mut late = mike;
    assert!(late.check_in_for(date("2026-03-14")));
    assert_eq!(
        (late.progress().current_run, late.progress().longest_run),
        (5, 5)
    );
}

#[test]
fn after_quiet_days_the_first_check_in_is_a_return() {
    let mut mike = mike();
    mike.check_in_daily(3);
    mike.wait(TimeDelta::days(9));
    let away = mike.progress();
    assert_eq!(away.today_state, TodayState::DoorOpen);
    assert_eq!(
        (away.current_run, away.longest_run, away.days_shown_up),
        (0, 3, 3)
    );
    assert_eq!(mike.last(13), "CCCR......???");
    mike.check_in();
    let back = mike.progress();
    assert_eq!(back.today_state, TodayState::CameBack);
    assert_eq!(
        (back.current_run, back.returns, back.days_shown_up),
        (1, 1, 4)
    );
}

#[test]
fn no_reserve_is_spent_where_there_is_no_run() {
    let mut mike = mike();
    mike.check_in_daily(8);
    mike.wait(TimeDelta::days(30));
    assert_eq!(
        mike.progress().reserves,
        0,
        "two were spent while the run could be held"
    );
    mike.check_in_daily(14);
    assert_eq!(mike.progress().reserves, 2);
}

#[test]
fn days_outside_the_chosen_weekdays_are_not_missed() {
    let mut mike = mike();
    mike.choose(Cadence::on(&[Weekday::Tue, Weekday::Fri]).unwrap());
    mike.check_in();
    mike.wait_until("2026-03-13 12:00");
    mike.check_in();
    assert_eq!(mike.last(4), "C--C");
    mike.wait_until("2026-03-14 12:00");
    assert_eq!(mike.progress().today_state, TodayState::Off);
    assert!(mike.check_in(), "a check-in is still allowed");
    assert_eq!(
        (mike.progress().current_run, mike.progress().reserves),
        (3, 1)
    );
}

#[test]
fn new_weekdays_do_not_change_past_days() {
    let mut mike = mike();
    mike.check_in_daily(1);
    mike.wait(TimeDelta::days(5));
    let before = mike.last(7);
    mike.choose(Cadence::on(&[Weekday::Sun]).unwrap());
    assert_eq!(mike.last(7)[..6], before[..6]);
}

#[test]
fn a_pause_neither_extends_nor_ends_a_run() {
    let mut mike = mike();
    mike.check_in_daily(2);
    assert!(mike.pause(date("2026-03-12"), date("2026-03-25")));
    assert_eq!(mike.progress().today_state, TodayState::Paused);
    mike.wait_until("2026-03-26 12:00");
    mike.check_in();
    assert_eq!(
        (mike.progress().current_run, mike.progress().reserves),
        (3, 1)
    );
}

#[test]
fn a_pause_can_begin_on_any_day_that_is_still_open() {
    let mut mike = mike();
    mike.check_in_daily(1);
    mike.wait_until("2026-03-14 02:59");
    assert!(!mike.pause(date("2026-03-10"), date("2026-03-20")));
    assert!(mike.pause(date("2026-03-11"), date("2026-03-12")));
    assert_eq!(
        (mike.last(4), mike.progress().reserves),
        ("CPP?".to_owned(), 1)
    );
    mike.end_pauses();
    assert_eq!(mike.last(4), "CPP?", "paused days stay paused");
}

#[test]
fn flying_east_and_west_neither_adds_nor_removes_a_day() {
    let mut mike = mike();
    mike.check_in_daily(2);
    // To Tokyo, nine hours ahead, and back over the Pacific.
    mike.move_to(zone("Asia/Tokyo"), 3);
    assert!(mike.check_in());
    mike.wait_until("2026-03-13 08:00");
    assert!(mike.check_in());
    mike.move_to(zone("America/Los_Angeles"), 3);
    assert_eq!(mike.today(), date("2026-03-12"));
    assert!(!mike.check_in(), "a date that is lived twice counts once");
    assert_eq!(
        (mike.progress().current_run, mike.progress().days_shown_up),
        (4, 4)
    );
    mike.wait_until("2026-03-13 12:00");
    assert!(!mike.check_in());
    mike.wait_until("2026-03-14 12:00");
    assert!(mike.check_in());
    assert_eq!(
        (mike.progress().current_run, mike.progress().reserves),
        (5, 1)
    );
}

#[test]
fn a_date_that_the_zone_skipped_is_not_missed() {
    // Samoa left out 30 December 2011.
    let mut sione = History::new("2011-12-28T22:00:00Z", zone("Pacific/Apia"), 3);
    assert_eq!(sione.today(), date("2011-12-28"));
    sione.check_in();
    sione.wait(TimeDelta::days(1));
    sione.check_in();
    sione.wait(TimeDelta::days(1));
    assert_eq!(sione.today(), date("2011-12-31"));
    sione.check_in();
    assert_eq!(sione.last(4), "CC-C");
    assert_eq!(
        (sione.progress().current_run, sione.progress().reserves),
        (3, 1)
    );
    assert!(!sione.check_in_for(date("2011-12-30")));
}

#[test]
fn a_stay_of_no_length_ends_no_run() {
    let mut tavita = History::new("2027-01-05T14:00:00Z", zone("Pacific/Pago_Pago"), 0);
    assert!(tavita.check_in());
    tavita.wait_until("2027-01-06 00:00");
    tavita.move_to(zone("Pacific/Apia"), 0);
    assert_eq!(tavita.today(), date("2027-01-07"));
    assert!(tavita.check_in());
    assert_eq!(tavita.progress().longest_run, 2);
    // In the same microsecond he is in a zone where the skipped date is today.
    tavita.move_to(zone("Europe/London"), 0);
    assert_eq!(tavita.today(), date("2027-01-06"));
    assert_eq!(tavita.progress().longest_run, 2);
}

#[test]
fn a_date_that_was_flown_over_is_not_required_when_it_comes_later() {
    // From Pago Pago over the date line to Kiritimati, 25 hours ahead, and back.
    let mut mike = History::new("2026-06-10T10:30:00Z", zone("Pacific/Pago_Pago"), 0);
    assert_eq!(mike.today(), date("2026-06-09"));
    mike.check_in();
    mike.move_to(zone("Pacific/Kiritimati"), 0);
    assert_eq!(mike.today(), date("2026-06-11"));
    mike.check_in();
    mike.move_to(zone("Pacific/Pago_Pago"), 0);
    mike.wait(TimeDelta::hours(2));
    assert_eq!(mike.today(), date("2026-06-10"));
    assert_eq!(mike.progress().today_state, TodayState::Off);
    assert!(mike.check_in(), "a check-in is still allowed");
    assert_eq!(mike.progress().current_run, 3);
}

#[test]
fn a_day_counts_once_when_clocks_change() {
    for start in ["2026-03-26T12:00:00Z", "2026-10-22T12:00:00Z"] {
        for day_start_hour in 0..7 {
            let mut mike = History::new(start, zone("Europe/London"), day_start_hour);
            for _ in 0..6 {
                assert!(mike.check_in());
                let day = mike.today();
                while mike.today() == day {
                    mike.wait(TimeDelta::minutes(30));
                }
            }
            assert_eq!(
                (mike.last(7), mike.progress().reserves),
                ("CCCCCC?".to_owned(), 1)
            );
        }
    }
}

#[test]
fn a_day_does_not_end_twice_when_its_start_is_moved() {
    let mut mike = mike();
    mike.check_in_daily(2);
    mike.wait_until("2026-03-13 03:30");
    assert_eq!(
        (mike.last(4), mike.progress().reserves),
        ("CCR?".to_owned(), 0)
    );
    // The 12th goes on until six, and can be written as today.
    mike.move_to(zone("Europe/London"), 6);
    assert_eq!(
        (mike.last(3), mike.progress().reserves),
        ("CC?".to_owned(), 1)
    );
    mike.wait_until("2026-03-13 06:00");
    assert_eq!(
        (mike.last(4), mike.progress().reserves),
        ("CCR?".to_owned(), 0)
    );
}

#[test]
fn a_leap_day_counts_like_any_day() {
    let mut mike = History::new("2028-02-27T12:00:00Z", zone("Europe/London"), 3);
    mike.check_in_daily(3);
    mike.check_in();
    assert_eq!(mike.today(), date("2028-03-01"));
    assert_eq!(
        (mike.last(4), mike.progress().current_run),
        ("CCCC".to_owned(), 4)
    );
}

#[test]
fn settling_at_any_time_changes_nothing() {
    let mut mike = mike();
    for day in 0..40 {
        if day % 5 != 3 {
            mike.check_in();
        }
        mike.wait(TimeDelta::hours(11));
        mike.settle(TimeDelta::hours(1));
        mike.progress();
        mike.wait(TimeDelta::hours(13));
        mike.progress();
    }
    mike.wait(TimeDelta::days(800));
    mike.progress();
    mike.settle(TimeDelta::zero());
    mike.progress();
}

#[test]
fn there_is_always_a_next_milestone() {
    let mut days = 0;
    let mut milestones = Vec::new();
    while days < 600 {
        days = next_milestone(days);
        milestones.push(days);
    }
    assert_eq!(
        milestones,
        [1, 3, 7, 14, 30, 60, 90, 180, 365, 400, 500, 600]
    );
}
