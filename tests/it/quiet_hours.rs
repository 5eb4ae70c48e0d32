//! Quiet hours: which pushes wait until morning, and which do not.

mod waits;

use api::notification::wait::{jitter, spread};
use api::notification_kind::Category;
use api::viewer::SignedIn;
use chrono::{DateTime, TimeDelta, Utc};
use entity::notification::{SkipReason, State};
use entity::push_delivery::DeliveryState;
use serde_json::{Value, json};
use support::{TestApp, both};

use crate::profile::{problem, problems, update};

async fn set(app: &TestApp, who: SignedIn, input: Value) -> Value {
    let query = "mutation($input: SetQuietHoursInput!) { setQuietHours(input: $input) {
        quietHours { enabled from until } errors { code path } } }";
    let answer = app.as_member(who, query, json!({ "input": input })).await;
    answer.at("/setQuietHours")
}

async fn hours(app: &TestApp, who: SignedIn) -> Value {
    let query = "{ me { quietHours { enabled from until } } }";
    let answer = app.as_member(who, query, json!({})).await;
    assert_eq!(answer.statements, 1);
    answer.at("/me/quietHours")
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Returns when the member's waiting pushes of a category leave: some minutes after `until`. Has the format of
/// [`pushed`].
pub fn spread_after(who: SignedIn, category: Category, until: &str) -> String {
    let at = spread(utc(until), jitter(who.member, category));
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Like [`spread_after`], for notifications of meetings.
fn in_the_morning(who: SignedIn, until: &str) -> String {
    spread_after(who, Category::Meetings, until)
}

/// Creates a member with a phone, and sets the time.
async fn mike_at(app: &TestApp, now: &str) -> SignedIn {
    let mike = app.member("mike").await;
    app.app.clock.set(utc(now)).unwrap();
    app.register(mike, "mikes-phone").await;
    mike
}

/// Announces a notification that expires after `hours`.
async fn tell(app: &TestApp, who: SignedIn, hours: i64) {
    let now = app.now();
    app.tell_at(who, "event", now, now + TimeDelta::hours(hours))
        .await;
}

/// Returns the time of each push.
fn pushed(app: &TestApp) -> Vec<String> {
    let outbox = app.outbox();
    let at = outbox
        .iter()
        .map(|sent| serde_json::to_value(sent).unwrap()["at"].clone());
    at.map(|at| at.as_str().unwrap().to_owned()).collect()
}

#[both]
async fn every_member_has_quiet_hours_and_can_set_them(app: TestApp) {
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let usual = json!({ "enabled": true, "from": "22:00:00", "until": "07:00:00" });
    assert_eq!(hours(&app, mike).await, usual);
    for (enabled, from, until) in [
        (true, "13:00:00", "14:30:00"),
        (false, "13:00:00", "14:30:00"),
        (true, "23:30:00", "06:00:00"),
    ] {
        let input = json!({ "enabled": enabled, "from": from, "until": until });
        let payload = json!({ "quietHours": input, "errors": [] });
        for _ in 0..2 {
            assert_eq!(set(&app, mike, input.clone()).await, payload);
        }
        assert_eq!(hours(&app, mike).await, input);
    }
    let never = json!({ "enabled": true, "from": "07:00", "until": "07:00" });
    let refused = set(&app, mike, never).await;
    assert_eq!(problems(&refused), problem("INVALID", "input.until"));
    assert_eq!(hours(&app, mike).await["from"], "23:30:00");
    assert_eq!(hours(&app, sam).await, usual);
}

#[both]
async fn a_push_that_is_due_at_night_leaves_in_the_morning(app: TestApp) {
    // Clocks go forward in the night.
    let mike = mike_at(&app, "2026-03-28T23:15:00Z").await;
    tell(&app, mike, 24).await;
    app.travel(utc("2026-03-29T06:00:00Z")).await;
    assert_eq!(pushed(&app), [""; 0]);
    app.travel(utc("2026-03-29T12:00:00Z")).await;
    assert_eq!(pushed(&app), [in_the_morning(mike, "2026-03-29T06:00:00Z")]);
    let told = app.notifications().await;
    assert_eq!((told.len(), told[0].state), (1, State::Planned));
}

#[both]
async fn a_push_that_expires_before_the_morning_is_in_the_inbox_only(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T23:00:00Z").await;
    tell(&app, mike, 8).await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app), [""; 0]);
    let told = app.notifications().await;
    assert_eq!(told[0].state, State::Skipped);
    assert_eq!(told[0].skip_reason, Some(SkipReason::Expired));
    assert_eq!(told[0].not_before, utc("2026-03-10T23:00:00Z"));
}

#[both]
async fn a_push_that_was_planned_before_quiet_hours_waits_too(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T21:59:00Z").await;
    tell(&app, mike, 12).await;
    let id = app.notifications().await[0].id;
    api::notification::plan::notification(&app.app, id)
        .await
        .unwrap();
    app.app.clock.set(utc("2026-03-10T22:00:00Z")).unwrap();
    app.drain().await;
    let [waits] = &app.deliveries().await[..] else {
        panic!("one device")
    };
    assert_eq!(waits.state, DeliveryState::Retrying);
    assert_eq!(waits.reason.as_deref(), Some("quiet_hours"));
    let morning = in_the_morning(mike, "2026-03-11T07:00:00Z");
    assert_eq!(waits.due_at, utc(&morning));
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app), [morning]);
}

#[both]
async fn quiet_hours_follow_the_members_zone(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T12:00:00Z").await;
    update(&app, mike, json!({ "timeZone": "Asia/Tokyo" })).await;
    app.app.clock.set(utc("2026-03-10T15:00:00Z")).unwrap();
    tell(&app, mike, 24).await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app), [in_the_morning(mike, "2026-03-10T22:00:00Z")]);
}

#[both]
async fn nothing_waits_while_quiet_hours_are_off(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T23:00:00Z").await;
    let off = json!({ "enabled": false, "from": "22:00", "until": "07:00" });
    set(&app, mike, off).await;
    tell(&app, mike, 4).await;
    app.drain().await;
    assert_eq!(pushed(&app), ["2026-03-10T23:00:00Z"]);
}

#[both]
async fn a_check_in_reminder_keeps_its_time_at_night(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T21:00:00Z").await;
    app.remind(mike.member, utc("2026-03-10T23:00:00Z")).await;
    app.travel(utc("2026-03-11T01:00:00Z")).await;
    assert_eq!(pushed(&app), ["2026-03-10T23:00:00Z"]);
}
