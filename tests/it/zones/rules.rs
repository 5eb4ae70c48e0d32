//! The time zone rules of 2026, and how instants follow a change of rules.

use api::days::local_time::{nearest, next_after};
use api::zones::names;
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use proptest::prelude::*;
use serde_json::json;
use support::{Program, TestApp, both, zone, zone_folder};

use crate::reminders::{pushed, set, utc};

/// British Columbia keeps summer time from 2026 on.
#[both]
async fn a_reminder_follows_the_rules_of_2026(app: TestApp) {
    let mike = app.member("mike").await;
    app.app.clock.set(utc("2026-11-26T20:00:00Z")).unwrap();
    app.register(mike, "mikes-phone").await;
    let query = "mutation($input: UpdateProfileInput!) {
        updateProfile(input: $input) { errors { code } } }";
    let input = json!({ "input": { "timeZone": "America/Vancouver" } });
    let moved = app.as_member(mike, query, input).await;
    assert_eq!(moved.at("/updateProfile/errors"), json!([]));
    set(&app, mike, "19:00", true).await;
    app.travel(utc("2026-11-28T12:00:00Z")).await;
    // Seven hours behind UTC, and not eight.
    let expected = ["2026-11-27T02:00:00Z", "2026-11-28T02:00:00Z"];
    assert_eq!(pushed(&app), expected);
}

#[tokio::test]
async fn the_doctor_reports_the_edition_of_time_zones() {
    let folder = zone_folder("2091c", "Europe/London", 0, &[]);
    let path = folder.path().to_str().unwrap();
    let doctor = || Program::new("doctor");
    let ended = doctor().env("BELAY_ZONES__FOLDER", path).run().await;
    let line = format!("ok    time zones: edition 2091c, from {path}");
    assert!(ended.said.contains(&line), "{}", ended.said);
    // Without a folder it is the copy in this program, unless the system has a later one.
    let ended = doctor().run().await;
    assert!(
        ended.said.contains("ok    time zones: edition 20"),
        "{}",
        ended.said
    );
    let ended = doctor().env("BELAY_ZONES__FOLDER", "/nowhere").run().await;
    assert!(
        ended
            .said
            .contains("mend  time zones: /nowhere cannot be read"),
        "{}",
        ended.said
    );
    assert_eq!(ended.code, Some(1));
}

#[tokio::test]
async fn no_server_starts_with_an_unusable_folder_of_zones() {
    let ended = Program::new("serve")
        .env("BELAY_ZONES__FOLDER", "/nowhere")
        .run()
        .await;
    assert_ne!(ended.code, Some(0));
    assert!(ended.said.contains("zones.folder"), "{}", ended.said);
}

fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    (946_684_800..2_524_608_000_i64).prop_map(|at| DateTime::from_timestamp(at, 0).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_instant_that_follows_the_rules_does_not_move(
        zone in prop::sample::select(names().collect::<Vec<_>>()).prop_map(zone),
        second in 0_u32..86_400,
        after in instants(),
    ) {
        let time = NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap();
        let due = next_after(zone, time, after);
        prop_assert_eq!(nearest(zone, time, due), due);
    }

    #[test]
    fn an_instant_that_moves_keeps_its_day(
        zone in prop::sample::select(names().collect::<Vec<_>>()).prop_map(zone),
        second in 0_u32..86_400,
        after in instants(),
        by in -180_i64..=180,
    ) {
        // The instant that another rule would give.
        let time = NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap();
        let due = next_after(zone, time, after);
        let moved = nearest(zone, time, due + TimeDelta::minutes(by));
        prop_assert_eq!(moved, due);
    }
}
