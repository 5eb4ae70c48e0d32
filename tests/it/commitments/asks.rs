//! Follow-ups: a partner is prompted to ask how a commitment went.

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

use super::{answer, carry, daily, every, follow_ups, mike_and_paul, once, send, sent};
use crate::peerings::{leave, partners};
use crate::quiet_hours::spread_after;
use crate::reminders::pushed;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// When each follow-up is due, in any state.
async fn follow_up_times(app: &TestApp) -> Vec<String> {
    let follow_ups = follow_ups(app).await.into_iter();
    follow_ups
        .map(|row| row.not_before.format("%m-%d %H:%M").to_string())
        .collect()
}

async fn states(app: &TestApp) -> Vec<State> {
    follow_ups(app)
        .await
        .into_iter()
        .map(|row| row.state)
        .collect()
}

#[both]
async fn the_partner_gets_one_follow_up_the_morning_after(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let before = app.outbox().len();
    let input = once(&app, "2026-03-12", &peering);
    sent(&app, mike, "makeCommitment", input).await;
    app.travel(utc("2026-03-13T09:59:59Z")).await;
    assert_eq!(follow_up_times(&app).await, [""; 0]);
    app.travel(utc("2026-03-20T12:00:00Z")).await;
    assert_eq!(follow_up_times(&app).await, ["03-13 10:00"]);
    let spread = spread_after(paul, Category::Contacts, "2026-03-13T10:00:00Z");
    assert_eq!(pushed(&app)[before..], [spread]);
    let row = &follow_ups(&app).await[0];
    assert_eq!(row.member_id, paul.member);
    let inbox = "{ me { notifications { nodes { kind subjectId } } } }";
    let lines = app.as_member(paul, inbox, json!({})).await;
    let line = json!({ "kind": "ASK_HOW_IT_WENT", "subjectId": peering });
    assert_eq!(lines.at("/me/notifications/nodes/0"), line);
    // The push contains no details.
    let push = serde_json::to_string(&app.outbox()[before]).unwrap();
    for word in ["mike", "brother", "Ring", "commitment"] {
        assert!(!push.contains(word), "{push}");
    }
}

#[both]
async fn every_due_day_has_a_follow_up_across_the_clock_change(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    app.app.clock.set(utc("2026-03-26T12:00:00Z")).unwrap();
    let before = app.outbox().len();
    daily(&app, mike, &peering).await;
    app.travel(utc("2026-03-31T12:00:00Z")).await;
    // Clocks go forward on the 29th.
    let expected = [
        "03-27 10:00",
        "03-28 10:00",
        "03-29 09:00",
        "03-30 09:00",
        "03-31 09:00",
    ];
    assert_eq!(follow_up_times(&app).await, expected);
    assert_eq!(app.outbox().len() - before, expected.len());
}

#[both]
async fn an_answered_day_has_a_follow_up_without_a_push(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let before = app.outbox().len();
    let it = daily(&app, mike, &peering).await["id"].clone();
    answer(&app, mike, &it, "2026-03-10", "NOT_THIS_TIME").await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    let row = &follow_ups(&app).await[0];
    assert_eq!(row.state, State::Skipped);
    assert_eq!(row.skip_reason, Some(SkipReason::AlreadyDone));
    assert_eq!(app.outbox().len(), before);
}

#[both]
async fn a_carried_over_day_has_its_follow_up_after_the_new_day(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let input = every(&app, &["TUESDAY", "FRIDAY"], &peering);
    let it = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    carry(&app, mike, &it, "2026-03-10", "2026-03-11").await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(follow_up_times(&app).await, ["03-12 10:00", "03-14 10:00"]);
    // Also if it is carried over after the follow-up.
    carry(&app, mike, &it, "2026-03-13", "2026-03-15").await;
    app.travel(utc("2026-03-18T12:00:00Z")).await;
    let all = follow_up_times(&app).await;
    assert_eq!(all[2..], ["03-16 10:00", "03-18 10:00"]);
    // Also a commitment for one day.
    let input = once(&app, "2026-03-18", &peering);
    let other = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    app.travel(utc("2026-03-19T12:00:00Z")).await;
    carry(&app, mike, &other, "2026-03-18", "2026-03-19").await;
    sent(&app, mike, "endCommitment", json!({ "commitmentId": it })).await;
    app.travel(utc("2026-03-25T12:00:00Z")).await;
    let all = follow_up_times(&app).await;
    assert_eq!(all[4..], ["03-19 10:00", "03-20 10:00"]);
}

/// Creates a follow-up in the partner's night, which waits for his morning.
async fn follow_up_at_night(app: &TestApp) -> (SignedIn, SignedIn, Value, Value) {
    let (mike, paul, peering) = mike_and_paul(app).await;
    let there = json!({ "timeZone": "Pacific/Auckland" });
    crate::profile::update(app, paul, there).await;
    let it = daily(app, mike, &peering).await["id"].clone();
    // It is eleven in the evening there.
    app.app.clock.set(utc("2026-03-11T10:00:00Z")).unwrap();
    app.drain().await;
    assert_eq!(states(app).await, [State::Pending]);
    (mike, paul, it, peering)
}

#[both]
async fn an_outdated_follow_up_is_not_pushed(app: TestApp) {
    let (mike, _, it, peering) = follow_up_at_night(&app).await;
    carry(&app, mike, &it, "2026-03-10", "2026-03-15").await;
    let before = app.outbox().len();
    app.travel(utc("2026-03-11T20:00:00Z")).await;
    // The follow-up stays in the inbox, and is not pushed.
    assert_eq!(states(&app).await, [State::Skipped]);
    // The day was answered: no push.
    app.app.clock.set(utc("2026-03-12T10:00:00Z")).unwrap();
    app.drain().await;
    answer(&app, mike, &it, "2026-03-11", "DONE").await;
    app.travel(utc("2026-03-12T20:00:00Z")).await;
    assert_eq!(states(&app).await[1..], [State::Skipped]);
    // Mike stops sharing the commitment, shares it again, and ends it.
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
    // The peering ends.
    daily(&app, mike, &peering).await;
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
async fn a_day_in_a_pause_has_no_follow_up(app: TestApp) {
    let (mike, _, it, _) = follow_up_at_night(&app).await;
    // The pause is entered late, and covers the day of the follow-up.
    pause(&app, mike, "2026-03-10", "2026-03-12").await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(states(&app).await[0], State::Skipped);
    let days = async || -> Vec<String> {
        let keys = follow_ups(&app).await.into_iter().map(|row| row.dedup_key);
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
async fn follow_ups_are_due_at_ten_in_the_members_current_zone(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    daily(&app, mike, &peering).await;
    app.travel(utc("2026-03-11T11:00:00Z")).await;
    // In New York ten o'clock is still to come, but there is no second follow-up for the tenth.
    let there = |zone: &str| json!({ "timeZone": zone });
    crate::profile::update(&app, mike, there("America/New_York")).await;
    app.travel(utc("2026-03-12T14:30:00Z")).await;
    assert_eq!(follow_up_times(&app).await, ["03-11 10:00", "03-12 14:00"]);
    // In Auckland it is already early on the thirteenth.
    crate::profile::update(&app, mike, there("Pacific/Auckland")).await;
    app.travel(utc("2026-03-14T22:00:00Z")).await;
    let all = follow_up_times(&app).await;
    assert_eq!(all[2..], ["03-12 21:00", "03-13 21:00", "03-14 21:00"]);
}

#[both]
async fn a_follow_up_waits_until_the_members_day_is_over(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let night = json!({ "dayStartHour": 6 });
    crate::profile::update(&app, mike, night).await;
    let input = once(&app, "2026-03-10", &peering);
    let it = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    app.app.clock.set(utc("2026-03-11T05:59:00Z")).unwrap();
    app.drain().await;
    assert_eq!(follow_up_times(&app).await, [""; 0]);
    answer(&app, mike, &it, "2026-03-10", "PARTLY").await;
    let unanswered = once(&app, "2026-03-10", &peering);
    sent(&app, mike, "makeCommitment", unanswered).await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(follow_up_times(&app).await, ["03-11 10:00"]);
}

#[both]
async fn a_follow_up_waits_for_the_partners_morning(app: TestApp) {
    let (_, paul, ..) = follow_up_at_night(&app).await;
    let before = app.outbox().len();
    app.travel(utc("2026-03-12T09:00:00Z")).await;
    // Seven in the morning in Auckland.
    let morning = spread_after(paul, Category::Contacts, "2026-03-11T18:00:00Z");
    assert_eq!(pushed(&app)[before..], [morning]);
}

#[both]
async fn after_an_outage_only_yesterday_has_a_follow_up(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let before = app.outbox().len();
    daily(&app, mike, &peering).await;
    app.app.clock.set(utc("2026-03-20T11:00:00Z")).unwrap();
    app.drain().await;
    // Only for the nineteenth, which was yesterday.
    assert_eq!(follow_up_times(&app).await, ["03-20 10:00"]);
    assert_eq!(pushed(&app)[before..], ["2026-03-20T11:00:00Z"]);
}

#[both]
async fn hidden_members_neither_get_nor_cause_follow_ups(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    daily(&app, mike, &peering).await;
    crate::profile::hide(&app, mike, true).await;
    app.travel(utc("2026-03-12T12:00:00Z")).await;
    crate::profile::hide(&app, mike, false).await;
    crate::profile::hide(&app, paul, true).await;
    app.travel(utc("2026-03-14T12:00:00Z")).await;
    assert_eq!(follow_up_times(&app).await, [""; 0]);
    // Both are visible again: follow-ups resume.
    crate::profile::hide(&app, paul, false).await;
    app.travel(utc("2026-03-15T12:00:00Z")).await;
    assert_eq!(follow_up_times(&app).await, ["03-15 10:00"]);
}

#[both]
async fn a_partner_who_is_named_later_gets_follow_ups_from_then_on(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let it = daily(&app, mike, &Value::Null).await["id"].clone();
    app.travel(utc("2026-03-12T11:00:00Z")).await;
    let input = json!({ "commitmentId": it, "peeringId": peering });
    sent(&app, mike, "updateCommitment", input).await;
    app.travel(utc("2026-03-13T11:00:00Z")).await;
    assert_eq!(follow_up_times(&app).await, ["03-13 10:00"]);
}

/// The service with small batches.
struct SmallBatches(TestApp);

impl FromDatabase for SmallBatches {
    async fn from_database(database: TestDatabase) -> Self {
        Self(TestApp::configured(database, "[worker]\nreminder_batch = 3\n").await)
    }
}

#[both]
async fn concurrent_workers_create_each_follow_up_once(SmallBatches(app): SmallBatches) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    for who in [mike, paul] {
        for _ in 0..20 {
            daily(&app, who, &peering).await;
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
        // A worker may have found nothing because another had locked the last batch.
        app.drain().await;
        assert_eq!(follow_ups(&app).await.len(), 2 * day);
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
async fn a_private_commitment_has_no_due_follow_up(app: TestApp) {
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(&app, mike, paul).await;
    app.drain().await;
    daily(&app, mike, &Value::Null).await;
    assert_eq!(api::worker::next_due(&app.app).await.unwrap(), None);
    let it = daily(&app, mike, &peering).await["id"].clone();
    let next = async || api::worker::next_due(&app.app).await.unwrap();
    assert_eq!(next().await, Some(utc("2026-03-11T10:00:00Z")));
    let nobody = json!({ "commitmentId": it, "peeringId": null });
    send(&app, mike, "updateCommitment", nobody).await;
    assert_eq!(next().await, None);
}

#[both]
async fn several_due_commitments_share_one_follow_up(app: TestApp) {
    let (mike, paul, peering) = mike_and_paul(&app).await;
    let before = app.outbox().len();
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(daily(&app, mike, &peering).await["id"].clone());
    }
    for it in &all[1..] {
        answer(&app, mike, it, "2026-03-10", "DONE").await;
    }
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    let spread = spread_after(paul, Category::Contacts, "2026-03-11T10:00:00Z");
    assert_eq!(pushed(&app)[before..], [spread]);
    // When all of them have been answered, there is no push.
    app.travel(utc("2026-03-12T09:00:00Z")).await;
    for it in &all {
        answer(&app, mike, it, "2026-03-11", "PARTLY").await;
    }
    app.travel(utc("2026-03-12T12:00:00Z")).await;
    assert_eq!(states(&app).await, [State::Planned, State::Skipped]);
}

#[both]
async fn a_commitment_done_early_has_no_follow_up(app: TestApp) {
    let (mike, _, peering) = mike_and_paul(&app).await;
    let input = once(&app, "2026-03-20", &peering);
    let it = sent(&app, mike, "makeCommitment", input).await["id"].clone();
    answer(&app, mike, &it, "2026-03-20", "DONE").await;
    app.travel(utc("2026-03-22T12:00:00Z")).await;
    assert_eq!(follow_up_times(&app).await, [""; 0]);
}
