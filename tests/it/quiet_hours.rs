//! Quiet hours: what waits for the morning, and what does not.

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

/// When a member's pushes of a category leave that waited until an instant: some minutes later, as [`pushed`] says it.
pub fn spread_after(who: SignedIn, category: Category, until: &str) -> String {
    let at = spread(utc(until), jitter(who.member, category));
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// As [`spread_after`], of what meetings tell.
fn in_the_morning(who: SignedIn, until: &str) -> String {
    spread_after(who, Category::Meetings, until)
}

/// A man with a phone, at an instant.
async fn mike_at(app: &TestApp, now: &str) -> SignedIn {
    let mike = app.member("mike").await;
    app.app.clock.set(utc(now)).unwrap();
    app.register(mike, "mikes-phone").await;
    mike
}

/// Tells him something that keeps for so many hours.
async fn tell(app: &TestApp, who: SignedIn, hours: i64) {
    let now = app.now();
    app.tell_at(who, "event", now, now + TimeDelta::hours(hours))
        .await;
}

/// When pushes were shown, of all there were.
fn pushed(app: &TestApp) -> Vec<String> {
    let outbox = app.outbox();
    let at = outbox
        .iter()
        .map(|sent| serde_json::to_value(sent).unwrap()["at"].clone());
    at.map(|at| at.as_str().unwrap().to_owned()).collect()
}

#[both]
async fn they_are_there_for_everybody_and_can_be_set(app: TestApp) {
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
async fn what_falls_due_at_night_is_pushed_in_the_morning(app: TestApp) {
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
async fn what_would_be_too_late_in_the_morning_is_in_the_inbox_only(app: TestApp) {
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
async fn what_was_planned_before_them_waits_as_well(app: TestApp) {
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
async fn they_are_those_of_his_own_zone(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T12:00:00Z").await;
    update(&app, mike, json!({ "timeZone": "Asia/Tokyo" })).await;
    app.app.clock.set(utc("2026-03-10T15:00:00Z")).unwrap();
    tell(&app, mike, 24).await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app), [in_the_morning(mike, "2026-03-10T22:00:00Z")]);
}

#[both]
async fn switched_off_nothing_waits(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T23:00:00Z").await;
    let off = json!({ "enabled": false, "from": "22:00", "until": "07:00" });
    set(&app, mike, off).await;
    tell(&app, mike, 4).await;
    app.drain().await;
    assert_eq!(pushed(&app), ["2026-03-10T23:00:00Z"]);
}

#[both]
async fn a_time_he_set_himself_is_kept(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T21:00:00Z").await;
    app.remind(mike.member, utc("2026-03-10T23:00:00Z")).await;
    app.travel(utc("2026-03-11T01:00:00Z")).await;
    assert_eq!(pushed(&app), ["2026-03-10T23:00:00Z"]);
}
