//! Changing and cancelling meetings.

use api::node_id::NodeId as _;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::circle_membership::CircleRole;
use entity::notification::{Kind, State};
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{
    OCCURRENCE, circle_with, code, evening, notifications, rsvp, schedule, scheduled, seats_agree,
    with,
};

const UPDATE: &str = "mutation($input: UpdateMeetingInput!) { updateMeeting(input: $input) {
    meeting { id title description place joinUrl version
        occurrences(first: 2) { nodes { capacity seatsTaken } } }
    errors { code path } } }";

pub(super) async fn update(
    app: &TestApp,
    who: SignedIn,
    meeting: &Value,
    version: i32,
    patch: Value,
) -> Value {
    let input = with(
        json!({ "meetingId": meeting["id"], "expectedVersion": version }),
        patch,
    );
    let answer = app.as_member(who, UPDATE, json!({ "input": input })).await;
    answer.at("/updateMeeting")
}

pub(super) async fn cancel(app: &TestApp, who: SignedIn, occurrence: &Value) -> Value {
    let document = format!(
        "mutation($input: CancelMeetingInput!) {{ cancelMeeting(input: $input) {{
            occurrence {{ ...F }} errors {{ code path }} }} }} {OCCURRENCE}"
    );
    let input = json!({ "input": { "occurrenceId": occurrence["id"] } });
    app.as_member(who, &document, input)
        .await
        .at("/cancelMeeting")
}

#[both]
async fn a_change_updates_only_the_fields_that_were_sent(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({ "capacity": 5 })).await;
    let meeting = &tea["meeting"];
    let changed = update(&app, host, meeting, 1, json!({ "title": "Coffee" })).await;
    assert_eq!(
        changed,
        json!({ "errors": [], "meeting": { "id": meeting["id"], "title": "Coffee",
            "description": "Come as you are.", "place": "The back room",
            "joinUrl": "https://meet.example/tea", "version": 2,
            "occurrences": { "nodes": [{ "capacity": 5, "seatsTaken": 0 }] } } })
    );
    let all = json!({ "description": null, "place": null, "joinUrl": null, "capacity": null });
    let cleared = update(&app, host, meeting, 2, all).await;
    assert_eq!(
        cleared["meeting"],
        json!({ "id": meeting["id"], "title": "Coffee", "description": "", "place": null,
            "joinUrl": null, "version": 3,
            "occurrences": { "nodes": [{ "capacity": null, "seatsTaken": 0 }] } })
    );
}

#[both]
async fn a_change_of_an_old_version_is_stale_and_returns_the_current_meeting(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({})).await;
    let meeting = &tea["meeting"];
    update(&app, host, meeting, 1, json!({ "title": "Coffee" })).await;
    let stale = update(&app, host, meeting, 1, json!({ "title": "Cocoa" })).await;
    assert_eq!(code(&stale), "STALE");
    assert_eq!(
        stale["errors"][0]["path"],
        json!(["input", "expectedVersion"])
    );
    assert_eq!(stale["meeting"]["title"], "Coffee");
    assert_eq!(stale["meeting"]["version"], 2);
    let early = update(&app, host, meeting, 3, json!({ "title": "Cocoa" })).await;
    assert_eq!(code(&early), "STALE");
}

#[both]
async fn a_repeated_change_is_applied_once(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({})).await;
    let patch = json!({ "title": "Coffee", "capacity": 7 });
    let first = update(&app, host, &tea["meeting"], 1, patch.clone()).await;
    assert_eq!(first["meeting"]["version"], 2);
    assert_eq!(update(&app, host, &tea["meeting"], 1, patch).await, first);
}

#[both]
async fn the_capacity_cannot_fall_below_the_seats_taken(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({ "capacity": 5 })).await;
    for name in ["mike", "sam", "tom"] {
        let who = app.member(name).await;
        rsvp(&app, who, &tea, "GOING").await;
    }
    let patch = json!({ "capacity": 2, "title": "Coffee" });
    let refused = update(&app, host, &tea["meeting"], 1, patch).await;
    assert_eq!(code(&refused), "OUT_OF_RANGE");
    assert_eq!(refused["errors"][0]["path"], json!(["input", "capacity"]));
    // Nothing was changed.
    assert_eq!(refused["meeting"]["title"], "Tea and talk");
    assert_eq!(refused["meeting"]["version"], 1);
    let enough = update(&app, host, &tea["meeting"], 1, json!({ "capacity": 3 })).await;
    assert_eq!(
        enough["meeting"]["occurrences"]["nodes"],
        json!([{ "capacity": 3, "seatsTaken": 3 }])
    );
    let late = app.member("late").await;
    assert_eq!(code(&rsvp(&app, late, &tea, "GOING").await), "FULL");
    seats_agree(&app).await;
}

#[both]
async fn every_invalid_field_of_a_change_is_named(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({})).await;
    let patch = json!({ "title": null, "description": "x".repeat(4001), "place": "",
        "joinUrl": "http://meet.example/", "capacity": 0 });
    let refused = update(&app, host, &tea["meeting"], 1, patch).await;
    let named = |code: &str, field: &str| json!({ "code": code, "path": ["input", field] });
    assert_eq!(
        refused["errors"],
        json!([
            named("REQUIRED", "title"),
            named("TOO_LONG", "description"),
            named("REQUIRED", "place"),
            named("INVALID", "joinUrl"),
            named("OUT_OF_RANGE", "capacity"),
        ])
    );
    let nothing = json!({ "id": "nonsense" });
    let refused = update(&app, host, &nothing, 1, json!({})).await;
    assert_eq!(refused["errors"], json!([named("NOT_FOUND", "meetingId")]));
}

#[both]
async fn members_who_are_going_are_notified_of_a_cancellation(app: TestApp) {
    let host = app.facilitator("host").await;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let (tom, jim) = (app.member("tom").await, app.member("jim").await);
    let tea = scheduled(&app, host, json!({})).await;
    let other = scheduled(&app, host, json!({ "localTime": "21:30" })).await;
    for who in [mike, sam, tom] {
        rsvp(&app, who, &tea, "GOING").await;
    }
    rsvp(&app, mike, &other, "GOING").await;
    rsvp(&app, tom, &tea, "NOT_GOING").await;

    let mut answers = Vec::new();
    for _ in 0..2 {
        let answer = cancel(&app, host, &tea).await;
        assert_eq!(answer["errors"], json!([]));
        assert_eq!(answer["occurrence"]["status"], "CANCELLED");
        assert_eq!(answer["occurrence"]["version"], 2);
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
    for who in [mike, sam] {
        let told = notifications(&app, who, Kind::MeetingCancelled).await;
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].not_before, app.now());
        assert_eq!(told[0].expires_at.to_rfc3339(), "2026-03-12T21:00:00+00:00");
        assert_eq!(told[0].state, State::Pending);
    }
    for who in [tom, jim, host] {
        assert!(
            notifications(&app, who, Kind::MeetingCancelled)
                .await
                .is_empty()
        );
    }
    let reminders = notifications(&app, mike, Kind::MeetingReminder).await;
    assert_eq!(reminders.len(), 2);
    for reminder in reminders {
        let of_other = reminder.not_before.to_rfc3339() == "2026-03-12T20:30:00+00:00";
        let expected = if of_other {
            State::Pending
        } else {
            State::Cancelled
        };
        assert_eq!(reminder.state, expected);
    }
    seats_agree(&app).await;
}

#[both]
async fn a_meeting_that_is_over_cannot_be_cancelled(app: TestApp) {
    let (host, mike) = (app.facilitator("host").await, app.member("mike").await);
    let tea = scheduled(&app, host, json!({})).await;
    rsvp(&app, mike, &tea, "GOING").await;
    app.app
        .clock
        .set("2026-03-12T21:00:00Z".parse().unwrap())
        .unwrap();
    let answer = cancel(&app, host, &tea).await;
    assert_eq!(code(&answer), "TOO_LATE");
    assert_eq!(answer["occurrence"]["status"], "SCHEDULED");
    assert!(
        notifications(&app, mike, Kind::MeetingCancelled)
            .await
            .is_empty()
    );
}

#[both]
async fn scheduling_again_after_a_change_returns_the_changed_meeting(app: TestApp) {
    let host = app.facilitator("host").await;
    for off in [false, true] {
        let input = evening(&app);
        let first = schedule(&app, host, input.clone()).await["occurrence"].clone();
        if off {
            cancel(&app, host, &first).await;
        } else {
            update(
                &app,
                host,
                &first["meeting"],
                1,
                json!({ "title": "Coffee" }),
            )
            .await;
        }
        let again = schedule(&app, host, input).await;
        assert_eq!(again["errors"], json!([]));
        assert_eq!(again["occurrence"]["id"], first["id"]);
        let title = if off { "Tea and talk" } else { "Coffee" };
        assert_eq!(again["occurrence"]["meeting"]["title"], title);
    }
}

#[both]
async fn only_the_host_and_facilitators_of_its_circle_change_or_cancel_a_meeting(app: TestApp) {
    let host = app.facilitator("host").await;
    let colleague = app.facilitator("colleague").await;
    let keeper = app.member("keeper").await;
    let mike = app.member("mike").await;
    let members = [
        (host, CircleRole::Member),
        (keeper, CircleRole::Facilitator),
        (mike, CircleRole::Member),
    ];
    let circle = circle_with(&app, &members).await.global();
    let of_circle = json!({ "circleId": circle.as_str() });
    for (who, open, circles) in [
        (mike, "NOT_ALLOWED", "NOT_ALLOWED"),
        (keeper, "NOT_ALLOWED", ""),
        (colleague, "NOT_ALLOWED", "NOT_FOUND"),
        (host, "", ""),
    ] {
        for (of, expected) in [(json!({}), open), (of_circle.clone(), circles)] {
            let occurrence = scheduled(&app, host, of).await;
            let meeting = &occurrence["meeting"];
            let changed = update(&app, who, meeting, 1, json!({ "title": "Coffee" })).await;
            assert_eq!(code(&changed), expected, "{who:?}");
            assert_eq!(
                code(&cancel(&app, who, &occurrence).await),
                expected,
                "{who:?}"
            );
        }
    }
}

#[both]
async fn cancelling_costs_the_same_however_many_are_going(app: TestApp) {
    let host = app.facilitator("host").await;
    let document = "mutation($input: CancelMeetingInput!) { cancelMeeting(input: $input) { errors { code } } }";
    let mut costs = Vec::new();
    for going in [1, 7] {
        let tea = scheduled(&app, host, json!({})).await;
        for n in 0..going {
            let who = app.member(&format!("man-{going}-{n}")).await;
            rsvp(&app, who, &tea, "GOING").await;
        }
        let input = json!({ "input": { "occurrenceId": tea["id"] } });
        let answer = app.as_member(host, document, input).await;
        costs.push(answer.statements);
        assert_eq!(answer.at("/cancelMeeting/errors"), json!([]));
    }
    assert_eq!(costs[0], costs[1]);
}

#[both]
async fn a_change_is_recorded_with_its_author_and_its_fields(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({})).await;
    let meeting = &tea["meeting"];
    let patch = json!({ "title": "Coffee", "capacity": 9 });
    for _ in 0..2 {
        // The second request is a repeat, and changes nothing.
        update(&app, host, meeting, 1, patch.clone()).await;
    }
    app.advance(TimeDelta::minutes(1));
    let link = json!({ "joinUrl": "https://meet.example.org/other" });
    let changed = update(&app, host, meeting, 2, link).await;
    assert_eq!(code(&changed), "");
    let rows = entity::meeting_change::Entity::find()
        .order_by_asc(entity::meeting_change::Column::At)
        .all(app.app.db.pool())
        .await
        .unwrap();
    let recorded: Vec<_> = rows
        .iter()
        .map(|row| (row.member_id, row.fields.as_str(), row.at))
        .collect();
    let expected = [
        (
            host.member,
            "capacity,title",
            app.now() - TimeDelta::minutes(1),
        ),
        (host.member, "join_url", app.now()),
    ];
    assert_eq!(recorded, expected);
}
