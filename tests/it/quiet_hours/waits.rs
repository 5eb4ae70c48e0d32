//! Pushes that wait until morning: the inbox has the line at once, and the push leaves if it still helps, not in a
//! burst.

use api::node_id::NodeId as _;
use api::notification_kind::Category;
use api::outbox::{has_heard, withdraw};
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use chrono::TimeDelta;
use entity::notification::{Kind, SkipReason, State};
use entity::push_delivery::DeliveryState;
use serde_json::{Value, json};
use support::{TestApp, both};

use super::{in_the_morning, mike_at, pushed, spread_after, tell, utc};
use crate::changes::Phone;
use crate::peerings::{in_a_circle, leave, proposed};

const INBOX: &str = "{ me { unreadNotificationCount notifications { nodes { kind at readAt } } } }";

async fn inbox(app: &TestApp, who: SignedIn) -> Value {
    app.as_member(who, INBOX, json!({})).await.at("/me")
}

#[both]
async fn the_inbox_has_the_line_at_once_and_sends_one_event(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T23:00:00Z").await;
    let events = "subscription { notificationReceived { at refetch } }";
    let mut hears = app.listen(mike, events);
    let mut phone = Phone::new(mike);
    phone.sync(&app).await;
    tell(&app, mike, 24).await;
    app.drain().await;
    let line =
        json!({ "kind": "MEETING_CANCELLED", "at": "2026-03-10T23:00:00.000Z", "readAt": null });
    let expected = json!({ "unreadNotificationCount": 1, "notifications": { "nodes": [line] } });
    assert_eq!(inbox(&app, mike).await, expected);
    let told = json!({ "at": "2026-03-10T23:00:00.000Z", "refetch": false });
    assert_eq!(hears.heard(), [told]);
    assert_eq!(phone.news(&app).await, ["Notification"]);
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app), [in_the_morning(mike, "2026-03-11T07:00:00Z")]);
    assert_eq!(inbox(&app, mike).await, expected);
    assert_eq!(hears.heard(), [Value::Null; 0]);
    assert_eq!(phone.news(&app).await, [""; 0]);
}

#[both]
async fn an_inbox_is_the_same_with_and_without_a_phone(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T22:59:00Z").await;
    let sam = app.member("sam").await;
    app.advance(TimeDelta::minutes(1));
    for who in [mike, sam] {
        tell(&app, who, 24).await;
    }
    for until in ["2026-03-10T23:30:00Z", "2026-03-11T12:00:00Z"] {
        app.travel(utc(until)).await;
        assert_eq!(inbox(&app, mike).await, inbox(&app, sam).await, "{until}");
        assert_eq!(inbox(&app, sam).await["unreadNotificationCount"], 1);
    }
    let told = app.notifications().await;
    let reasons: Vec<_> = told
        .iter()
        .map(|row| (row.state, row.skip_reason))
        .collect();
    assert!(reasons.contains(&(State::Planned, None)));
    assert!(reasons.contains(&(State::Skipped, Some(SkipReason::NoDevice))));
}

#[both]
async fn a_phone_that_is_registered_at_night_gets_the_push_in_the_morning(app: TestApp) {
    let mike = app.member("mike").await;
    app.app.clock.set(utc("2026-03-10T23:00:00Z")).unwrap();
    tell(&app, mike, 24).await;
    app.travel(utc("2026-03-11T02:00:00Z")).await;
    app.register(mike, "mikes-phone").await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app), [in_the_morning(mike, "2026-03-11T07:00:00Z")]);
}

#[both]
async fn a_line_that_is_read_at_night_is_not_pushed_in_the_morning(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T23:00:00Z").await;
    tell(&app, mike, 24).await;
    app.drain().await;
    let id = app.notifications().await[0].id.global();
    let read = "mutation($id: ID!) { markNotificationsRead(input: { notificationIds: [$id] }) {
        errors { code } } }";
    app.as_member(mike, read, json!({ "id": id.as_str() }))
        .await
        .ok();
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app), [""; 0]);
    let row = app.notifications().await.remove(0);
    assert_eq!(
        (row.state, row.skip_reason),
        (State::Skipped, Some(SkipReason::AlreadyDone))
    );
}

#[both]
async fn a_line_that_is_withdrawn_at_night_is_not_pushed_and_stays_in_the_inbox(app: TestApp) {
    let mike = mike_at(&app, "2026-03-10T23:00:00Z").await;
    tell(&app, mike, 24).await;
    app.drain().await;
    assert_eq!(inbox(&app, mike).await["unreadNotificationCount"], 1);
    let given = &app.app;
    let heard = transact!(given, |tx| {
        withdraw(tx, mike.member, "event").await?;
        Ok(Done::Keep(has_heard(tx, mike.member, "event").await?))
    });
    assert!(heard.unwrap());
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app), [""; 0]);
    let seen = inbox(&app, mike).await;
    let lines = &seen["notifications"]["nodes"];
    assert_eq!(lines[0]["kind"], "MEETING_CANCELLED");
    assert_eq!(seen["unreadNotificationCount"], 0);
    let row = app.notifications().await.remove(0);
    assert_eq!((row.state, row.skip_reason), (State::Skipped, None));
}

/// At night, announces two meetings to Mike, and has Sam and Tom propose peerings to him. Returns the later peering.
async fn four_lines_at_night(app: &TestApp) -> (SignedIn, SignedIn, Value) {
    let mike = mike_at(app, "2026-03-10T22:50:00Z").await;
    let (sam, tom) = (app.member("sam").await, app.member("tom").await);
    in_a_circle(app, &[mike, sam, tom]).await;
    app.advance(TimeDelta::minutes(10));
    app.drain().await;
    for key in ["one", "other"] {
        let now = app.now();
        app.tell_at(mike, key, now, now + TimeDelta::hours(24))
            .await;
        app.advance(TimeDelta::minutes(1));
    }
    proposed(app, sam, mike).await;
    app.drain().await;
    app.advance(TimeDelta::minutes(1));
    let later = proposed(app, tom, mike).await;
    app.drain().await;
    (mike, tom, later)
}

#[both]
async fn one_push_of_each_category_leaves_in_the_morning(app: TestApp) {
    let (mike, ..) = four_lines_at_night(&app).await;
    let lines = inbox(&app, mike).await;
    assert_eq!(lines["unreadNotificationCount"], 4);
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    let mut expected = [Category::Meetings, Category::Contacts]
        .map(|category| spread_after(mike, category, "2026-03-11T07:00:00Z"));
    expected.sort();
    assert_eq!(pushed(&app), expected);
    // The latest line of each category stands for the others.
    let sent = app.deliveries().await;
    let rows = app.notifications().await;
    let pushed = rows
        .iter()
        .filter(|row| sent.iter().any(|it| it.notification_id == row.id));
    let at: Vec<String> = pushed
        .map(|row| row.not_before.format("%H:%M").to_string())
        .collect();
    assert_eq!(at, ["23:01", "23:03"]);
    assert!(rows.iter().all(|row| row.state == State::Planned));
    assert_eq!(inbox(&app, mike).await, lines);
}

#[both]
async fn a_withdrawn_line_does_not_stand_for_its_category(app: TestApp) {
    let (mike, tom, later) = four_lines_at_night(&app).await;
    leave(&app, tom, "withdrawPeering", &later["id"]).await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app).len(), 2);
    let rows = app.notifications().await;
    let proposals = rows.iter().filter(|row| row.kind == Kind::PeeringProposed);
    let proposals: Vec<_> = proposals.map(|row| (row.state, row.id)).collect();
    assert_eq!(
        [proposals[0].0, proposals[1].0],
        [State::Planned, State::Skipped]
    );
    let sent = app.deliveries().await;
    let sent = sent
        .iter()
        .find(|it| it.notification_id == proposals[0].1)
        .unwrap();
    assert_eq!(sent.state, DeliveryState::Accepted);
    // A withdrawn line counts as read.
    assert_eq!(inbox(&app, mike).await["unreadNotificationCount"], 3);
}

#[both]
async fn morning_pushes_are_spread_over_some_minutes(app: TestApp) {
    app.app.clock.set(utc("2026-03-10T22:59:00Z")).unwrap();
    for n in 0..20 {
        let who = app.member(&format!("member{n}")).await;
        app.register(who, &format!("phone-{n}")).await;
        tell(&app, who, 24).await;
    }
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    let mut at = pushed(&app);
    assert_eq!(at.len(), 20);
    let within =
        |at: &String| ("2026-03-11T07:02:00Z".."2026-03-11T07:13:00Z").contains(&at.as_str());
    assert!(at.iter().all(within), "{at:?}");
    at.sort();
    at.dedup();
    assert!(at.len() > 10, "{at:?}");
}
