//! Asking a partner to ask how it went.

use api::notification_kind::Category;
use api::viewer::SignedIn;
use api::worker::Worker;
use chrono::{DateTime, TimeDelta, Utc};
use entity::commitment;
use entity::notification::{SkipReason, State};
use sea_orm::EntityTrait as _;
use serde_json::{Value, json};
use support::{FromDatabase, TestApp, TestDatabase, both};
use tokio::task::JoinSet;

use super::{answer, asked, carry, every, once, send, sent, two, weekly};
use crate::peerings::{leave, partners};
use crate::quiet_hours::spread_after;
use crate::reminders::pushed;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// When each was asked, whatever became of it.
async fn when_asked(app: &TestApp) -> Vec<String> {
    let asked = asked(app).await.into_iter();
    asked
        .map(|row| row.not_before.format("%m-%d %H:%M").to_string())
        .collect()
}

async fn states(app: &TestApp) -> Vec<State> {
    asked(app).await.into_iter().map(|row| row.state).collect()
}

#[both]
async fn he_is_asked_once_the_morning_after(app: TestApp) {
    let (mike, paul, peering) = two(&app).await;
    let before = app.outbox().len();
    let input = once(&app, "2026-03-12", &peering);
    sent(&app, mike, "makeCommitment", input).await;
    app.travel(utc("2026-03-13T09:59:59Z")).await;
    assert_eq!(when_asked(&app).await, [""; 0]);
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    assert_eq!(when_asked(&app).await, ["03-13 10:00"]);
    let spread = spread_after(paul, Category::Contacts, "2026-03-13T10:00:00Z");
    assert_eq!(pushed(&app)[before..], [spread]);
    let row = &asked(&app).await[0];
    assert_eq!(row.member_id, paul.member);
    let inbox = "{ me { notifications { nodes { kind subjectId } } } }";
    let lines = app.as_member(paul, inbox, json!({})).await;
    let line = json!({ "kind": "ASK_HOW_IT_WENT", "subjectId": peering });
    assert_eq!(lines.at("/me/notifications/nodes/0"), line);
    // Nothing of what it is about leaves the house.
    let push = serde_json::to_string(&app.outbox()[before]).unwrap();
    for word in ["mike", "brother", "Ring", "commitment"] {
        assert!(!push.contains(word), "{push}");
    }
}

#[both]
async fn every_due_day_is_asked_about_through_the_spring(app: TestApp) {
    let (mike, _, peering) = two(&app).await;
    app.app.clock.set(utc("2026-03-26T12:00:00Z")).unwrap();
    let before = app.outbox().len();
    weekly(&app, mike, &peering).await;
    app.travel(utc("2026-03-31T12:00:00Z")).await;
    // Clocks go forward on the 29th.
    let expected = [
        "03-27 10:00",
        "03-28 10:00",
        "03-29 09:00",
        "03-30 09:00",
        "03-31 09:00",
    ];
    assert_eq!(when_asked(&app).await, expected);
    assert_eq!(app.outbox().len() - before, expected.len());
}

#[both]
async fn what_has_been_answered_is_in_the_inbox_without_a_push(app: TestApp) {
    let (mike, _, peering) = two(&app).await;
    let before = app.outbox().len();
    let it = weekly(&app, mike, &peering).await["id"].clone();
    answer(&app, mike, &it, "2026-03-10", "NOT_THIS_TIME").await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    let row = &asked(&app).await[0];
    assert_eq!(row.state, State::Skipped);
    assert_eq!(row.skip_reason, Some(SkipReason::AlreadyDone));
    assert_eq!(app.outbox().len(), before);
}

#[both]
async fn a_day_that_was_carried_over_is_asked_about_where_it_went(app: TestApp) {
    let (mike, _, peering) = two(&app).await;
    let input = every(&app, &["TUESDAY", "FRIDAY"], &peering);
    let it = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    carry(&app, mike, &it, "2026-03-10", "2026-03-11").await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(when_asked(&app).await, ["03-12 10:00", "03-14 10:00"]);
    // Also when it is carried over after the partner was asked.
    carry(&app, mike, &it, "2026-03-13", "2026-03-15").await;
    app.travel(utc("2026-03-18T12:00:00Z")).await;
    let all = when_asked(&app).await;
    assert_eq!(all[2..], ["03-16 10:00", "03-18 10:00"]);
    // And what is to be done once.
    let input = once(&app, "2026-03-18", &peering);
    let other = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    app.travel(utc("2026-03-19T12:00:00Z")).await;
    carry(&app, mike, &other, "2026-03-18", "2026-03-19").await;
    sent(&app, mike, "endCommitment", json!({ "commitmentId": it })).await;
    app.travel(utc("2026-03-25T12:00:00Z")).await;
    let all = when_asked(&app).await;
    assert_eq!(all[4..], ["03-19 10:00", "03-20 10:00"]);
}

/// What is asked in the night of the man who is asked, and waits for his morning.
async fn asked_in_the_night(app: &TestApp) -> (SignedIn, SignedIn, Value, Value) {
    let (mike, paul, peering) = two(app).await;
    let there = json!({ "timeZone": "Pacific/Auckland" });
    crate::profile::update(app, paul, there).await;
    let it = weekly(app, mike, &peering).await["id"].clone();
    // It is eleven in the evening there.
    app.app.clock.set(utc("2026-03-11T10:00:00Z")).unwrap();
    app.drain().await;
    assert_eq!(states(app).await, [State::Pending]);
    (mike, paul, it, peering)
}

#[both]
async fn what_is_no_longer_so_is_not_asked(app: TestApp) {
    let (mike, _, it, peering) = asked_in_the_night(&app).await;
    carry(&app, mike, &it, "2026-03-10", "2026-03-15").await;
    let before = app.outbox().len();
    app.travel(utc("2026-03-11T20:00:00Z")).await;
    // He had it in his inbox at night, where it stays; his phone is left alone.
    assert_eq!(states(&app).await, [State::Skipped]);
    // It was answered, and is not pushed.
    app.app.clock.set(utc("2026-03-12T10:00:00Z")).unwrap();
    app.drain().await;
    answer(&app, mike, &it, "2026-03-11", "DONE").await;
    app.travel(utc("2026-03-12T20:00:00Z")).await;
    assert_eq!(states(&app).await[1..], [State::Skipped]);
    // He takes it from his partner, gives it back, and ends it.
    app.app.clock.set(utc("2026-03-13T10:00:00Z")).unwrap();
    app.drain().await;
    let name = |peering: &Value| json!({ "commitmentId": it, "peeringId": peering });
    sent(&app, mike, "updateCommitment", name(&Value::Null)).await;
    app.travel(utc("2026-03-13T20:00:00Z")).await;
    assert_eq!(states(&app).await[2..], [State::Skipped]);
    sent(&app, mike, "updateCommitment", name(&peering)).await;
    app.app.clock.set(utc("2026-03-14T10:00:00Z")).unwrap();
    app.drain().await;
    sent(&app, mike, "endCommitment", json!({ "commitmentId": it })).await;
    app.travel(utc("2026-03-14T20:00:00Z")).await;
    assert_eq!(states(&app).await[3..], [State::Skipped]);
    // And they part.
    weekly(&app, mike, &peering).await;
    app.app.clock.set(utc("2026-03-15T10:00:00Z")).unwrap();
    app.drain().await;
    leave(&app, mike, "endPeering", &peering).await;
    app.travel(utc("2026-03-20T20:00:00Z")).await;
    assert_eq!(states(&app).await[4..], [State::Skipped]);
    assert_eq!(app.outbox().len(), before);
}

async fn pause(app: &TestApp, who: SignedIn, first: &str, last: &str) {
    let document =
        "mutation($input: StartPauseInput!) { startPause(input: $input) { errors { code } } }";
    let input = json!({ "id": super::id(app), "firstDate": first, "lastDate": last });
    let paused = app
        .as_member(who, document, json!({ "input": input }))
        .await;
    assert_eq!(paused.at("/startPause/errors"), json!([]));
}

#[both]
async fn a_pause_is_not_asked_about(app: TestApp) {
    let (mike, _, it, _) = asked_in_the_night(&app).await;
    // Entered late, it still covers the day that is asked about.
    pause(&app, mike, "2026-03-10", "2026-03-12").await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(states(&app).await[0], State::Skipped);
    let days = async || -> Vec<String> {
        let keys = asked(&app).await.into_iter().map(|row| row.dedup_key);
        keys.map(|key| key[key.len() - 2..].to_owned()).collect()
    };
    assert_eq!(days().await, ["10", "13"]);
    // Days off from checking in are no pause.
    let mondays = "mutation { setCheckInDays(input: { days: [MONDAY] }) { errors { code } } }";
    app.as_member(mike, mondays, json!({})).await.ok();
    app.travel(utc("2026-03-15T22:00:00Z")).await;
    assert_eq!(days().await, ["10", "13", "14"]);
    sent(&app, mike, "endCommitment", json!({ "commitmentId": it })).await;
}

#[both]
async fn it_is_ten_where_the_man_is_now(app: TestApp) {
    let (mike, _, peering) = two(&app).await;
    weekly(&app, mike, &peering).await;
    app.travel(utc("2026-03-11T11:00:00Z")).await;
    // In New York it is still ten to come: of the tenth his partner is not asked again.
    let there = |zone: &str| json!({ "timeZone": zone });
    crate::profile::update(&app, mike, there("America/New_York")).await;
    app.travel(utc("2026-03-12T14:30:00Z")).await;
    assert_eq!(when_asked(&app).await, ["03-11 10:00", "03-12 14:00"]);
    // In Auckland it is the thirteenth, long past ten in the evening the day before.
    crate::profile::update(&app, mike, there("Pacific/Auckland")).await;
    app.travel(utc("2026-03-14T22:00:00Z")).await;
    let all = when_asked(&app).await;
    assert_eq!(all[2..], ["03-12 21:00", "03-13 21:00", "03-14 21:00"]);
}

#[both]
async fn his_day_is_over_before_his_partner_is_asked(app: TestApp) {
    let (mike, _, peering) = two(&app).await;
    let night = json!({ "dayStartHour": 6 });
    crate::profile::update(&app, mike, night).await;
    let input = once(&app, "2026-03-10", &peering);
    let it = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    app.app.clock.set(utc("2026-03-11T05:59:00Z")).unwrap();
    app.drain().await;
    assert_eq!(when_asked(&app).await, [""; 0]);
    answer(&app, mike, &it, "2026-03-10", "PARTLY").await;
    let tomorrow = once(&app, "2026-03-10", &peering);
    sent(&app, mike, "makeCommitment", tomorrow).await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(when_asked(&app).await, ["03-11 10:00"]);
}

#[both]
async fn the_partners_night_is_left_in_peace(app: TestApp) {
    let (_, paul, ..) = asked_in_the_night(&app).await;
    let before = app.outbox().len();
    app.travel(utc("2026-03-12T09:00:00Z")).await;
    // Seven in the morning in Auckland.
    let morning = spread_after(paul, Category::Contacts, "2026-03-11T18:00:00Z");
    assert_eq!(pushed(&app)[before..], [morning]);
}

#[both]
async fn after_an_outage_nobody_is_asked_about_days_long_past(app: TestApp) {
    let (mike, _, peering) = two(&app).await;
    let before = app.outbox().len();
    weekly(&app, mike, &peering).await;
    app.app.clock.set(utc("2026-03-20T11:00:00Z")).unwrap();
    app.drain().await;
    // Of the nineteenth only, for which it is the morning after.
    assert_eq!(when_asked(&app).await, ["03-20 10:00"]);
    assert_eq!(pushed(&app)[before..], ["2026-03-20T11:00:00Z"]);
}

#[both]
async fn who_is_away_is_asked_nothing_and_about_nothing(app: TestApp) {
    let (mike, paul, peering) = two(&app).await;
    weekly(&app, mike, &peering).await;
    crate::profile::hide(&app, mike, true).await;
    app.travel(utc("2026-03-12T12:00:00Z")).await;
    crate::profile::hide(&app, mike, false).await;
    crate::profile::hide(&app, paul, true).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(when_asked(&app).await, [""; 0]);
    // Both are back: it goes on.
    crate::profile::hide(&app, paul, false).await;
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    assert_eq!(when_asked(&app).await, ["03-15 10:00"]);
}

#[both]
async fn who_comes_to_see_it_later_is_asked_from_then_on(app: TestApp) {
    let (mike, _, peering) = two(&app).await;
    let it = weekly(&app, mike, &Value::Null).await["id"].clone();
    app.travel(utc("2026-03-12T11:00:00Z")).await;
    let input = json!({ "commitmentId": it, "peeringId": peering });
    sent(&app, mike, "updateCommitment", input).await;
    app.travel(utc("2026-03-13T11:00:00Z")).await;
    assert_eq!(when_asked(&app).await, ["03-13 10:00"]);
}

/// An app that takes few at a time.
struct Small(TestApp);

impl FromDatabase for Small {
    async fn from_database(database: TestDatabase) -> Self {
        Self(TestApp::configured(database, "[worker]\nreminder_batch = 3\n").await)
    }
}

#[both]
async fn workers_who_race_ask_once(Small(app): Small) {
    let (mike, paul, peering) = two(&app).await;
    for who in [mike, paul] {
        for _ in 0..20 {
            weekly(&app, who, &peering).await;
        }
    }
    for day in 1..=2 {
        app.advance(TimeDelta::hours(if day == 1 { 23 } else { 24 }));
        let mut workers = JoinSet::new();
        for _ in 0..4 {
            let worker = Worker::new(app.app.clone());
            workers.spawn(async move { worker.drain().await.unwrap() });
        }
        workers.join_all().await;
        // A worker may have seen nothing because another held the last batch.
        app.drain().await;
        assert_eq!(asked(&app).await.len(), 2 * day);
    }
    let rows = commitment::Entity::find().all(app.app.db.pool()).await;
    let next = utc("2026-03-13T10:00:00Z");
    assert!(
        rows.unwrap()
            .iter()
            .all(|row| row.next_ask_at == Some(next))
    );
}

#[both]
async fn when_nobody_sees_it_nothing_falls_due(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(&app, mike, paul).await;
    app.drain().await;
    weekly(&app, mike, &Value::Null).await;
    assert_eq!(api::worker::next_due(&app.app).await.unwrap(), None);
    let it = weekly(&app, mike, &peering).await["id"].clone();
    let next = async || api::worker::next_due(&app.app).await.unwrap();
    assert_eq!(next().await, Some(utc("2026-03-11T10:00:00Z")));
    let nobody = json!({ "commitmentId": it, "peeringId": null });
    send(&app, mike, "updateCommitment", nobody).await;
    assert_eq!(next().await, None);
}

#[both]
async fn of_all_that_was_due_he_is_asked_once(app: TestApp) {
    let (mike, paul, peering) = two(&app).await;
    let before = app.outbox().len();
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(weekly(&app, mike, &peering).await["id"].clone());
    }
    for it in &all[1..] {
        answer(&app, mike, it, "2026-03-10", "DONE").await;
    }
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    let spread = spread_after(paul, Category::Contacts, "2026-03-11T10:00:00Z");
    assert_eq!(pushed(&app)[before..], [spread]);
    // When all of it has been answered, his phone is left alone.
    app.travel(utc("2026-03-12T09:00:00Z")).await;
    for it in &all {
        answer(&app, mike, it, "2026-03-11", "PARTLY").await;
    }
    app.travel(utc("2026-03-12T12:00:00Z")).await;
    assert_eq!(states(&app).await, [State::Planned, State::Skipped]);
}

#[both]
async fn what_is_done_early_is_not_asked_about(app: TestApp) {
    let (mike, _, peering) = two(&app).await;
    let input = once(&app, "2026-03-20", &peering);
    let it = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    answer(&app, mike, &it, "2026-03-20", "DONE").await;
    app.travel(utc("2026-03-22T12:00:00Z")).await;
    assert_eq!(when_asked(&app).await, [""; 0]);
}
