//! Reminders of members who ignore them, pause, or check in on chosen weekdays.

use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

use super::{pushed, reminder, set, utc};

fn days(pushed: &[String]) -> Vec<&str> {
    pushed.iter().map(|at| &at[..10]).collect()
}

async fn send(app: &TestApp, who: api::viewer::SignedIn, mutation: &str, mut input: Value) {
    if mutation != "setCheckInDays" {
        input["id"] = json!(app.app.ids.next::<Uuid>());
    }
    app.succeed(who, mutation, input, "").await;
}

#[both]
async fn after_three_ignored_reminders_they_come_half_as_often_and_then_stop(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    app.travel(utc("2026-05-01T12:00:00Z")).await;
    // From the 10th on: three days, then every second day, and on the fifteenth day the last one, `DOOR_OPEN`.
    assert_eq!(
        days(&pushed(&app)),
        [
            "2026-03-10",
            "2026-03-11",
            "2026-03-12",
            "2026-03-14",
            "2026-03-16",
            "2026-03-18",
            "2026-03-20",
            "2026-03-22",
            "2026-03-24",
        ]
    );
    let kinds = app
        .as_member(
            mike,
            "{ me { notifications { nodes { kind } } } }",
            json!({}),
        )
        .await;
    let kinds = kinds.at("/me/notifications/nodes");
    let kinds: Vec<&Value> = kinds
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["kind"])
        .collect();
    assert_eq!(kinds[0], "DOOR_OPEN");
    assert!(kinds[1..].iter().all(|kind| *kind == "CHECK_IN_REMINDER"));
    assert_eq!(
        reminder(&app, mike).await,
        json!({ "localTime": "18:30:00", "enabled": true, "nextAt": null })
    );
}

#[both]
async fn a_check_in_resumes_the_reminders(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    app.travel(utc("2026-05-01T12:00:00Z")).await;
    let before = pushed(&app).len();
    send(&app, mike, "checkIn", json!({})).await;
    assert_eq!(
        reminder(&app, mike).await["nextAt"],
        "2026-05-01T17:30:00.000Z"
    );
    app.travel(utc("2026-05-05T12:00:00Z")).await;
    assert_eq!(
        days(&pushed(&app)[before..]),
        ["2026-05-02", "2026-05-03", "2026-05-04"]
    );
}

#[both]
async fn a_member_who_has_paused_is_not_reminded(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    let pause = json!({ "firstDate": "2026-03-11", "lastDate": "2026-04-10" });
    send(&app, mike, "startPause", pause).await;
    app.travel(utc("2026-04-13T12:00:00Z")).await;
    assert_eq!(
        days(&pushed(&app)),
        ["2026-03-10", "2026-04-11", "2026-04-12"]
    );
    assert_eq!(
        app.notifications().await.len(),
        3,
        "the inbox has no other lines"
    );
}

#[both]
async fn reminders_come_on_chosen_weekdays_only(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    send(
        &app,
        mike,
        "setCheckInDays",
        json!({ "days": ["THURSDAY", "SUNDAY"] }),
    )
    .await;
    app.travel(utc("2026-03-17T12:00:00Z")).await;
    assert_eq!(days(&pushed(&app)), ["2026-03-12", "2026-03-15"]);
}

#[both]
async fn a_pause_stops_a_reminder_that_is_already_planned(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    app.app.clock.set(utc("2026-03-10T18:30:00Z")).unwrap();
    // It is planned, and its delivery waits to be sent.
    api::notification::reminder::run_due(&app.app)
        .await
        .unwrap();
    send(
        &app,
        mike,
        "startPause",
        json!({ "firstDate": "2026-03-10", "lastDate": "2026-03-10" }),
    )
    .await;
    app.drain().await;
    assert_eq!(pushed(&app), [""; 0]);
}
