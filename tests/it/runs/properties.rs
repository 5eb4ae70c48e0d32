//! Properties of every history, with late entries, pauses, new weekdays, travel, clock changes and leap days.

use api::checkin::runs::{DAYS_SHOWN, Day};
use api::days::cadence::Cadence;
use chrono::{Days, TimeDelta};
use proptest::prelude::*;
use support::zone;

use super::history::History;

/// Zones on both sides of the date line, and with clock changes of every kind.
const ZONES: [&str; 9] = [
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Pacific/Apia",
];

/// Shortly before clocks change, a leap day comes, and Apia skips a day.
const STARTS: [&str; 4] = [
    "2026-03-20T09:00:00Z",
    "2026-10-16T21:00:00Z",
    "2028-02-20T06:00:00Z",
    "2011-12-20T03:00:00Z",
];

#[derive(Clone, Copy, Debug)]
enum Event {
    Wait(i64),
    CheckIn(u64),
    Choose(u8),
    Pause(u64, u64),
    EndPauses,
    Move(usize, u32),
    Settle(i64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (1_i64..30).prop_map(Event::Wait),
        1 => (30_i64..1500).prop_map(Event::Wait),
        6 => prop_oneof![4 => Just(1), 1 => 0_u64..5].prop_map(Event::CheckIn),
        1 => (1_u8..128).prop_map(Event::Choose),
        1 => (0_u64..8, 0_u64..12).prop_map(|(first, more)| Event::Pause(first, more)),
        1 => Just(Event::EndPauses),
        1 => (0..ZONES.len(), 0_u32..7).prop_map(|(zone, hour)| Event::Move(zone, hour)),
        3 => (0_i64..3).prop_map(Event::Settle),
    ]
}

fn apply(history: &mut History, event: Event) {
    let today = history.today();
    match event {
        Event::Wait(hours) => history.wait(TimeDelta::hours(hours)),
        Event::CheckIn(tomorrow_less) => {
            history.check_in_for(today + Days::new(1) - Days::new(tomorrow_less));
        }
        Event::Choose(mask) => history.choose(Cadence::from_mask(mask).unwrap()),
        Event::Pause(first, more) => {
            let first = today - Days::new(3) + Days::new(first);
            history.pause(first, first + Days::new(more));
        }
        Event::EndPauses => history.end_pauses(),
        Event::Move(place, hour) => history.move_to(zone(ZONES[place]), hour),
        Event::Settle(slow_by) => history.settle(TimeDelta::hours(slow_by)),
    }
}

fn histories() -> impl Strategy<Value = (History, Vec<Event>)> {
    let begin = (0..STARTS.len(), 0..ZONES.len(), 0_u32..7);
    let begin = begin
        .prop_map(|(start, place, hour)| History::new(STARTS[start], zone(ZONES[place]), hour));
    (begin, prop::collection::vec(event(), 1..120))
}

impl std::fmt::Debug for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {}", self.calendar(), self.now)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn stored_progress_equals_the_progress_of_the_whole_history((mut history, events) in histories()) {
        for event in events {
            apply(&mut history, event);
            prop_assert_eq!(history.incremental(), history.computed_from_scratch(), "after {:?}", event);
        }
    }

    #[test]
    fn totals_never_fall_and_written_days_stay((mut history, events) in histories()) {
        let mut before = history.computed_from_scratch();
        for event in events {
            let writes = matches!(event, Event::CheckIn(_));
            apply(&mut history, event);
            let now = history.computed_from_scratch();
            prop_assert!(now.days_shown_up >= before.days_shown_up, "after {:?}", event);
            prop_assert!(writes || now.days_shown_up == before.days_shown_up, "after {:?}", event);
            prop_assert!(now.longest_run >= before.longest_run, "after {:?}: {:?}", event, now);
            prop_assert!(now.returns >= before.returns, "after {:?}", event);
            prop_assert!(now.reserves <= 3);
            before = now;
        }
    }

    #[test]
    fn the_shown_days_are_consistent((mut history, events) in histories()) {
        for event in events {
            apply(&mut history, event);
        }
        let progress = history.computed_from_scratch();
        prop_assert_eq!(progress.recent.len(), DAYS_SHOWN);
        prop_assert_eq!(progress.recent.last().unwrap().date, progress.today);
        for pair in progress.recent.windows(2) {
            prop_assert_eq!(pair[0].date + Days::new(1), pair[1].date);
        }
        for shown in &progress.recent {
            let open = shown.day == Day::Open;
            prop_assert!(!open || shown.can_be_written, "{:?}", shown);
            let over = matches!(shown.day, Day::CheckedIn | Day::Quiet);
            prop_assert!(!over || !shown.can_be_written, "{:?}", shown);
        }
        // A quiet day ends the run: the present run has at most the check-ins after it.
        let since = progress.recent.iter().rposition(|shown| shown.day == Day::Quiet);
        if let Some(quiet) = since {
            let behind = &progress.recent[quiet..];
            let checked_in = behind.iter().filter(|shown| shown.day == Day::CheckedIn).count();
            let ahead = u32::from(progress.last_check_in > Some(progress.today));
            prop_assert!(progress.current_run <= u32::try_from(checked_in).unwrap() + 2 * ahead);
        }
    }
}
