//! Scheduling: permissions, start times and invalid input.

use chrono::TimeDelta;
use entity::circle_membership::CircleRole;
use entity::{meeting, meeting_occurrence};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};
use serde_json::{Value, json};
use support::{TestApp, both};
use uuid::Uuid;

use super::{circle_with, code, evening, rsvp, schedule, schedule_document, scheduled, with};
use api::node_id::NodeId as _;

#[both]
async fn a_facilitator_schedules_a_meeting(app: TestApp) {
    let host = app.facilitator("host").await;
    let occurrence = scheduled(&app, host, json!({ "capacity": 12 })).await;
    let meeting = occurrence["meeting"].clone();
    assert_eq!(
        occurrence,
        json!({ "id": occurrence["id"], "startsAt": "2026-03-12T19:30:00.000Z",
            "endsAt": "2026-03-12T21:00:00.000Z", "localDate": "2026-03-12", "localTime": "19:30:00",
            "timeZone": "Europe/London", "capacity": 12, "seatsTaken": 0, "seatsLeft": 12,
            "status": "SCHEDULED", "viewerAnswer": null, "version": 1,
            "meeting": { "id": meeting["id"], "title": "Tea and talk", "description": "Come as you are.",
                "format": "HYBRID", "circleId": null, "place": "The back room",
                "joinUrl": "https://meet.example/tea", "viewerRuns": true, "version": 1,
                "timeZone": "Europe/London" } })
    );
}

#[both]
async fn a_meeting_starts_at_its_local_time(app: TestApp) {
    let host = app.facilitator("host").await;
    for (date, time, zone, starts_at) in [
        (
            "2026-03-28",
            "19:00",
            "Europe/London",
            "2026-03-28T19:00:00.000Z",
        ),
        (
            "2026-03-29",
            "19:00",
            "Europe/London",
            "2026-03-29T18:00:00.000Z",
        ),
        // A skipped time moves on by an hour. Of a time that is shown twice, the first counts.
        (
            "2026-03-29",
            "01:30",
            "Europe/London",
            "2026-03-29T01:30:00.000Z",
        ),
        (
            "2026-10-25",
            "01:30",
            "Europe/London",
            "2026-10-25T00:30:00.000Z",
        ),
        // Here only half an hour is skipped.
        (
            "2026-10-04",
            "02:15",
            "Australia/Lord_Howe",
            "2026-10-03T15:45:00.000Z",
        ),
        (
            "2026-03-11",
            "00:15",
            "Pacific/Kiritimati",
            "2026-03-10T10:15:00.000Z",
        ),
    ] {
        let changes = json!({ "localDate": date, "localTime": time, "timeZone": zone });
        let answer = schedule(&app, host, with(evening(&app), changes)).await;
        let occurrence = &answer["occurrence"];
        if date == "2026-03-11" {
            // It is noon in London, and this time has passed in Kiritimati.
            assert_eq!(code(&answer), "OUT_OF_RANGE");
            continue;
        }
        assert_eq!(occurrence["startsAt"], starts_at, "{date} {time} {zone}");
        assert_eq!(occurrence["localDate"], date);
        assert_eq!(occurrence["localTime"], format!("{time}:00"));
        assert_eq!(occurrence["timeZone"], zone);
    }
}

#[both]
async fn a_meeting_sent_again_is_the_same_meeting(app: TestApp) {
    let host = app.facilitator("host").await;
    let input = evening(&app);
    let first = schedule(&app, host, input.clone()).await;
    assert_eq!(schedule(&app, host, input.clone()).await, first);

    // Answers of others do not make it a conflict.
    let mike = app.member("mike").await;
    rsvp(&app, mike, &first["occurrence"], "GOING").await;
    let again = schedule(&app, host, input.clone()).await;
    assert_eq!(again["errors"], json!([]));
    assert_eq!(again["occurrence"]["id"], first["occurrence"]["id"]);
    assert_eq!(again["occurrence"]["seatsTaken"], 1);

    let other = with(input.clone(), json!({ "title": "Coffee and talk" }));
    let refused = schedule(&app, host, other).await;
    assert_eq!(code(&refused), "CONFLICT");
    assert_eq!(refused["errors"][0]["path"], json!(["input", "id"]));
    assert_eq!(refused["occurrence"]["meeting"]["title"], "Tea and talk");

    // The request can be repeated even when the meeting is over.
    app.advance(TimeDelta::days(9));
    let late = schedule(&app, host, input).await;
    assert_eq!(late["occurrence"]["id"], first["occurrence"]["id"]);
    assert_eq!(late["errors"], json!([]));
}

#[both]
async fn a_meeting_sent_ten_times_at_once_is_one_meeting(app: TestApp) {
    let host = app.facilitator("host").await;
    let variables = json!({ "input": evening(&app) });
    let asked = vec![(host, schedule_document(), variables); 10];
    let answers = app.at_once(asked).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(answers[0]["scheduleMeeting"]["errors"], json!([]));
    let db = app.app.db.pool();
    assert_eq!(meeting::Entity::find().count(db).await.unwrap(), 1);
    assert_eq!(
        meeting_occurrence::Entity::find().count(db).await.unwrap(),
        1
    );
}

#[both]
async fn an_id_of_another_hosts_meeting_is_a_conflict(app: TestApp) {
    let (host, other) = (
        app.facilitator("host").await,
        app.facilitator("other").await,
    );
    let input = evening(&app);
    schedule(&app, host, input.clone()).await;
    let refused = schedule(&app, other, input).await;
    assert_eq!(code(&refused), "CONFLICT");
    assert_eq!(refused["occurrence"], json!(null));
}

#[both]
async fn a_meeting_in_the_past_or_too_far_ahead_is_refused(app: TestApp) {
    let host = app.facilitator("host").await;
    for (date, time) in [
        ("2026-03-10", "12:00"),
        ("2026-03-09", "23:00"),
        ("0001-01-01", "00:00"),
        ("2028-03-14", "12:00"),
        ("9999-12-31", "23:59"),
    ] {
        let changes = json!({ "localDate": date, "localTime": time });
        let answer = schedule(&app, host, with(evening(&app), changes)).await;
        assert_eq!(code(&answer), "OUT_OF_RANGE");
        assert_eq!(answer["errors"][0]["path"], json!(["input", "localDate"]));
    }
    let soon = json!({ "localDate": "2026-03-10", "localTime": "12:01" });
    scheduled(&app, host, soon).await;
}

#[both]
async fn every_invalid_field_of_a_meeting_is_named_at_once(app: TestApp) {
    let host = app.facilitator("host").await;
    let changes = json!({ "circleId": "nonsense", "title": " ", "description": "x".repeat(4001),
        "place": "x".repeat(301), "joinUrl": "http://meet.example/", "durationMinutes": 4, "capacity": 0 });
    let answer = schedule(&app, host, with(evening(&app), changes)).await;
    let named = |code: &str, field: &str| json!({ "code": code, "path": ["input", field] });
    assert_eq!(
        answer["errors"],
        json!([
            named("NOT_FOUND", "circleId"),
            named("REQUIRED", "title"),
            named("TOO_LONG", "description"),
            named("TOO_LONG", "place"),
            named("INVALID", "joinUrl"),
            named("OUT_OF_RANGE", "durationMinutes"),
            named("OUT_OF_RANGE", "capacity"),
        ])
    );
    assert_eq!(answer["occurrence"], json!(null));
    let db = app.app.db.pool();
    assert_eq!(meeting::Entity::find().count(db).await.unwrap(), 0);
}

#[both]
async fn only_facilitators_schedule_meetings_each_in_their_own_circles(app: TestApp) {
    let stranger = app.facilitator("stranger").await;
    let leads = app.facilitator("leads").await;
    let keeper = app.member("keeper").await;
    let mike = app.member("mike").await;
    let outside = app.member("outside").await;
    let members = [
        (leads, CircleRole::Member),
        (keeper, CircleRole::Facilitator),
        (mike, CircleRole::Member),
    ];
    let circle = circle_with(&app, &members).await.global();
    let no_such = api::node_id::NodeId::global(entity::CircleId(Uuid::from_u128(1)));
    let open = json!(null);
    let circle = json!(circle.as_str());
    let no_such = json!(no_such.as_str());
    for (who, of, expected) in [
        (stranger, &open, ""),
        (leads, &open, ""),
        (keeper, &open, "NOT_ALLOWED"),
        (mike, &open, "NOT_ALLOWED"),
        (stranger, &circle, "NOT_FOUND"),
        (leads, &circle, ""),
        (keeper, &circle, ""),
        (mike, &circle, "NOT_ALLOWED"),
        (outside, &circle, "NOT_FOUND"),
        (leads, &no_such, "NOT_FOUND"),
    ] {
        let of: &Value = of;
        let input = with(evening(&app), json!({ "circleId": of }));
        let answer = schedule(&app, who, input).await;
        assert_eq!(code(&answer), expected, "{who:?} {of}");
    }
    let nobody = app
        .anonymous(&schedule_document(), json!({ "input": evening(&app) }))
        .await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
}
