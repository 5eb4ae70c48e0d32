//! Notifications of changes to members who are going: in time to help, and once.

use api::notification_kind::Category;
use api::viewer::SignedIn;
use chrono::{DateTime, TimeDelta, Utc};
use entity::notification::{Kind, State};
use serde_json::{Value, json};
use support::{TestApp, both};

use super::change::{cancel, update};
use super::{code, notifications, rsvp, scheduled};
use crate::quiet_hours::spread_after;
use crate::reminders::pushed;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn at(app: &TestApp, text: &str) {
    app.app.clock.set(utc(text)).unwrap();
}

/// Creates a member with a phone who is going to the occurrence.
async fn going(app: &TestApp, name: &str, occurrence: &Value) -> SignedIn {
    let who = app.member(name).await;
    app.register(who, &format!("{name}-phone")).await;
    assert_eq!(code(&rsvp(app, who, occurrence, "GOING").await), "");
    who
}

/// Moves the meeting to another place. Returns its next version.
async fn move_to(app: &TestApp, host: SignedIn, meeting: &Value, version: i32, place: &str) -> i32 {
    let changed = update(app, host, meeting, version, json!({ "place": place })).await;
    assert_eq!(changed["errors"], json!([]));
    version + 1
}

#[both]
async fn a_cancellation_is_pushed_in_time_to_help(app: TestApp) {
    let host = app.facilitator("host").await;
    for (night, (starts, expected)) in [
        // When its reminder would have come.
        ("06:30", Some("11T05:30")),
        ("05:45", Some("11T04:45")),
        ("08:00", Some("11T07:00")),
        // It starts within the hour: at once.
        ("00:30", Some("10T23:45")),
        ("12:00", None),
    ]
    .into_iter()
    .enumerate()
    {
        let day = |date: usize| format!("2026-03-{}", date + 2 * night);
        at(&app, &format!("{}T12:00:00Z", day(10)));
        let when = json!({ "localDate": day(11), "localTime": starts });
        let tea = scheduled(&app, host, when).await;
        let mike = going(&app, &format!("mike{night}"), &tea).await;
        app.travel(utc(&format!("{}T23:45:00Z", day(10)))).await;
        let before = pushed(&app).len();
        cancel(&app, host, &tea).await;
        app.drain().await;
        // It is in the inbox at once.
        let inbox = "{ me { notifications(first: 1) { nodes { kind } } } }";
        let line = app.as_member(mike, inbox, json!({})).await;
        let kind = line.at("/me/notifications/nodes/0/kind");
        assert_eq!(kind, "MEETING_CANCELLED");
        app.travel(utc(&format!("{}T12:00:00Z", day(11)))).await;
        let expected = expected.map_or_else(
            || spread_after(mike, Category::Meetings, &format!("{}T07:00:00Z", day(11))),
            |text| {
                let (date, time) = text.split_once('T').unwrap();
                format!("{}T{time}:00Z", day(date.parse().unwrap()))
            },
        );
        assert_eq!(pushed(&app)[before..], [expected], "{starts}");
    }
}

#[both]
async fn a_new_place_is_pushed_once_to_members_who_are_going(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({})).await;
    let mike = going(&app, "mike", &tea).await;
    rsvp(&app, host, &tea, "GOING").await;
    let (sam, tom) = (app.member("sam").await, app.member("tom").await);
    rsvp(&app, sam, &tea, "NOT_GOING").await;
    at(&app, "2026-03-12T15:30:00Z");
    let meeting = &tea["meeting"];
    let mut version = 1;
    for place in ["The front room", "The front rom", "The front room"] {
        version = move_to(&app, host, meeting, version, place).await;
        app.travel(app.now() + TimeDelta::minutes(1)).await;
    }
    let link = json!({ "joinUrl": "https://meet.example/other" });
    update(&app, host, meeting, version, link).await;
    app.travel(utc("2026-03-12T18:00:00Z")).await;
    assert_eq!(pushed(&app), ["2026-03-12T15:35:00Z"]);
    let told = notifications(&app, mike, Kind::MeetingChanged).await;
    assert_eq!((told.len(), told[0].state), (1, State::Planned));
    for who in [host, sam, tom] {
        assert!(
            notifications(&app, who, Kind::MeetingChanged)
                .await
                .is_empty()
        );
    }
    let inbox = "{ me { notifications { nodes { kind subjectId } } } }";
    let lines = app.as_member(mike, inbox, json!({})).await;
    let expected = json!([{ "kind": "MEETING_CHANGED", "subjectId": tea["id"] }]);
    assert_eq!(lines.at("/me/notifications/nodes"), expected);
    // The push reveals nothing of the change.
    let push = serde_json::to_string(&app.outbox()).unwrap();
    for word in ["room", "meet.example", "Tea"] {
        assert!(!push.contains(word), "{push}");
    }
}

#[both]
async fn a_change_of_title_or_capacity_is_not_pushed(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({ "capacity": 5 })).await;
    let mike = going(&app, "mike", &tea).await;
    let patch = json!({ "title": "Coffee", "description": "Come in.", "capacity": 7,
        "place": "The back room" });
    update(&app, host, &tea["meeting"], 1, patch).await;
    let place = json!({ "place": "The front room" });
    let first = update(&app, host, &tea["meeting"], 2, place.clone()).await;
    app.travel(app.now() + TimeDelta::hours(1)).await;
    // The answer was lost, and the request is repeated.
    assert_eq!(update(&app, host, &tea["meeting"], 2, place).await, first);
    app.travel(app.now() + TimeDelta::hours(1)).await;
    assert_eq!(
        notifications(&app, mike, Kind::MeetingChanged).await.len(),
        1
    );
    assert_eq!(pushed(&app).len(), 1);
}

#[both]
async fn a_later_change_is_pushed_again(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({})).await;
    going(&app, "mike", &tea).await;
    move_to(&app, host, &tea["meeting"], 1, "The front room").await;
    app.travel(app.now() + TimeDelta::minutes(5)).await;
    move_to(&app, host, &tea["meeting"], 2, "The garden").await;
    app.travel(app.now() + TimeDelta::hours(1)).await;
    assert_eq!(
        pushed(&app),
        ["2026-03-10T12:05:00Z", "2026-03-10T12:10:00Z"]
    );
}

#[both]
async fn a_change_close_to_the_start_is_pushed_sooner(app: TestApp) {
    let host = app.facilitator("host").await;
    for (day, minutes, seconds) in [(12, 40, 240), (13, 10, 60), (14, 0, 0), (15, -30, 0)] {
        let when = json!({ "localDate": format!("2026-03-{day}") });
        let tea = scheduled(&app, host, when).await;
        going(&app, &format!("mike{day}"), &tea).await;
        let starts = utc(&format!("2026-03-{day}T19:30:00Z"));
        app.travel(starts - TimeDelta::minutes(minutes)).await;
        let before = pushed(&app).len();
        let changed = app.now();
        move_to(&app, host, &tea["meeting"], 1, "The garden").await;
        app.travel(starts + TimeDelta::hours(1)).await;
        let told = changed + TimeDelta::seconds(seconds);
        let told = told.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        assert_eq!(pushed(&app)[before..], [told], "{day}");
    }
}

#[both]
async fn a_change_at_night_is_in_the_inbox_at_once_and_pushed_before_the_meeting(app: TestApp) {
    let host = app.facilitator("host").await;
    let early = json!({ "localDate": "2026-03-11", "localTime": "06:30" });
    let early = scheduled(&app, host, early).await;
    let late = json!({ "localDate": "2026-03-11", "localTime": "12:00" });
    let late = scheduled(&app, host, late).await;
    let (mike, sam) = (
        going(&app, "mike", &early).await,
        going(&app, "sam", &late).await,
    );
    app.travel(utc("2026-03-10T23:00:00Z")).await;
    for tea in [&early, &late] {
        move_to(&app, host, &tea["meeting"], 1, "The garden").await;
    }
    app.travel(utc("2026-03-10T23:05:00Z")).await;
    let unread = "{ me { unreadNotificationCount } }";
    for who in [mike, sam] {
        let count = app.as_member(who, unread, json!({})).await;
        assert_eq!(count.at("/me/unreadNotificationCount"), 1);
    }
    app.travel(utc("2026-03-11T10:59:59Z")).await;
    // The early change comes with its reminder, the late one in the morning.
    let morning = spread_after(sam, Category::Meetings, "2026-03-11T07:00:00Z");
    let reminder = "2026-03-11T05:30:00Z".to_owned();
    assert_eq!(pushed(&app), [reminder.clone(), reminder, morning]);
}

#[both]
async fn a_change_is_not_pushed_to_members_who_no_longer_go(app: TestApp) {
    let host = app.facilitator("host").await;
    let tea = scheduled(&app, host, json!({})).await;
    let (mike, sam) = (
        going(&app, "mike", &tea).await,
        going(&app, "sam", &tea).await,
    );
    move_to(&app, host, &tea["meeting"], 1, "The garden").await;
    rsvp(&app, mike, &tea, "NOT_GOING").await;
    app.travel(app.now() + TimeDelta::minutes(4)).await;
    cancel(&app, host, &tea).await;
    app.travel(app.now() + TimeDelta::hours(1)).await;
    for who in [mike, sam] {
        let told = notifications(&app, who, Kind::MeetingChanged).await;
        assert_eq!((told.len(), told[0].state), (1, State::Cancelled));
    }
    // Sam, who is still going, is notified of the cancellation instead.
    assert_eq!(pushed(&app), ["2026-03-10T12:04:00Z"]);
}

#[both]
async fn a_change_costs_the_same_however_many_are_going(app: TestApp) {
    let host = app.facilitator("host").await;
    let document = "mutation($input: UpdateMeetingInput!) { updateMeeting(input: $input) { errors { code } } }";
    let mut costs = Vec::new();
    for going in [1, 7] {
        let tea = scheduled(&app, host, json!({})).await;
        for n in 0..going {
            let who = app.member(&format!("man-{going}-{n}")).await;
            rsvp(&app, who, &tea, "GOING").await;
        }
        let input = json!({ "input": { "meetingId": tea["meeting"]["id"], "expectedVersion": 1,
            "place": "The garden" } });
        let answer = app.as_member(host, document, input).await;
        costs.push(answer.statements);
        assert_eq!(answer.at("/updateMeeting/errors"), json!([]));
    }
    assert_eq!(costs[0], costs[1]);
}

#[both]
async fn a_late_reminder_is_sent_until_the_meeting_starts(app: TestApp) {
    let host = app.facilitator("host").await;
    for (day, late, expected) in [(12, 59, 1), (13, 60, 0)] {
        let when = json!({ "localDate": format!("2026-03-{day}") });
        let tea = scheduled(&app, host, when).await;
        going(&app, &format!("mike{day}"), &tea).await;
        let before = pushed(&app).len();
        // No worker ran when it was due, an hour before the start.
        at(&app, &format!("2026-03-{day}T18:30:00Z"));
        app.advance(TimeDelta::minutes(late));
        app.drain().await;
        app.drain().await;
        assert_eq!(pushed(&app).len() - before, expected, "{late}");
    }
}
