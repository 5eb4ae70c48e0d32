//! The daily reminder to check in.

mod patience;

use api::days::local_time::{instant_of, last_until, next_after};
use api::transact;
use api::tx::Done;
use api::viewer::SignedIn;
use api::worker::Worker;
use api::zones::{Zone, names};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use entity::member;
use entity::notification::{Kind, SkipReason, State};
use proptest::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde_json::{Value, json};
use support::{FakeTransport, FromDatabase, TestApp, TestDatabase, both, zone};
use tokio::task::JoinSet;

pub async fn set(app: &TestApp, who: SignedIn, local_time: &str, enabled: bool) -> Value {
    let query = "mutation($input: SetCheckInReminderInput!) {
        setCheckInReminder(input: $input) {
            reminder { localTime enabled nextAt } errors { code path }
        }
    }";
    let input = json!({ "localTime": local_time, "enabled": enabled });
    let answer = app.as_member(who, query, json!({ "input": input })).await;
    let payload = answer.at("/setCheckInReminder");
    assert_eq!(payload["errors"], json!([]));
    payload["reminder"].clone()
}

pub async fn reminder(app: &TestApp, who: SignedIn) -> Value {
    let query = "{ me { checkInReminder { localTime enabled nextAt } } }";
    let answer = app.as_member(who, query, json!({})).await;
    answer.at("/me/checkInReminder")
}

pub fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Returns the time of each push.
pub fn pushed(app: &TestApp) -> Vec<String> {
    let outbox = app.outbox();
    let at = outbox
        .iter()
        .map(|sent| serde_json::to_value(sent).unwrap()["at"].clone());
    at.map(|at| at.as_str().unwrap().to_owned()).collect()
}

#[both]
async fn setting_a_reminder_is_idempotent(app: TestApp) {
    let mike = app.member("mike").await;
    assert_eq!(reminder(&app, mike).await, json!(null));
    let first = set(&app, mike, "18:30", true).await;
    let expected = json!({
        "localTime": "18:30:00", "enabled": true, "nextAt": "2026-03-10T18:30:00.000Z",
    });
    assert_eq!(first, expected);
    assert_eq!(set(&app, mike, "18:30", true).await, expected);
    assert_eq!(reminder(&app, mike).await, expected);
    // It is noon: a time that has passed today comes tomorrow, and so does noon itself.
    let at = async |time| set(&app, mike, time, true).await["nextAt"].clone();
    assert_eq!(at("08:00").await, "2026-03-11T08:00:00.000Z");
    assert_eq!(at("12:00").await, "2026-03-11T12:00:00.000Z");
}

#[both]
async fn a_reminder_keeps_its_local_time_in_spring(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    app.app.clock.set(utc("2026-03-27T12:00:00Z")).unwrap();
    set(&app, mike, "08:00", true).await;
    app.travel(utc("2026-03-30T12:00:00Z")).await;
    let expected = [
        "2026-03-28T08:00:00Z",
        "2026-03-29T07:00:00Z",
        "2026-03-30T07:00:00Z",
    ];
    assert_eq!(pushed(&app), expected);
}

#[both]
async fn a_reminder_keeps_its_local_time_in_autumn(app: TestApp) {
    let mike = app.member("mike").await;
    app.app.clock.set(utc("2026-10-23T12:00:00Z")).unwrap();
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "01:30", true).await;
    app.travel(utc("2026-10-26T12:00:00Z")).await;
    // On the 25th the clock shows half past one twice.
    let expected = [
        "2026-10-24T00:30:00Z",
        "2026-10-25T00:30:00Z",
        "2026-10-26T01:30:00Z",
    ];
    assert_eq!(pushed(&app), expected);
}

#[both]
async fn no_reminder_comes_after_a_check_in(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    app.checked_in(mike, "2026-03-10").await;
    app.travel(utc("2026-03-10T23:00:00Z")).await;
    assert_eq!(pushed(&app), [""; 0]);
    assert_eq!(app.notifications().await.len(), 0);
    app.travel(utc("2026-03-11T23:00:00Z")).await;
    assert_eq!(pushed(&app), ["2026-03-11T18:30:00Z"]);
}

#[both]
async fn a_reminder_comes_once_a_day_even_if_its_time_is_changed(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "13:00", true).await;
    app.travel(utc("2026-03-10T14:00:00Z")).await;
    set(&app, mike, "15:00", true).await;
    app.travel(utc("2026-03-11T14:00:00Z")).await;
    assert_eq!(pushed(&app), ["2026-03-10T13:00:00Z"]);
    app.travel(utc("2026-03-11T15:00:00Z")).await;
    assert_eq!(pushed(&app).len(), 2);
}

#[both]
async fn a_reminder_moves_with_the_members_zone(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    let given = &app.app;
    let moved = transact!(given, |tx| {
        member::Entity::update_many()
            .col_expr(member::Column::TimeZone, Expr::value("America/New_York"))
            .filter(member::Column::Id.eq(mike.member))
            .exec(tx)
            .await?;
        let zone = zone("America/New_York");
        api::notification::reminder::time_zone_changed(given, tx, mike.member, zone).await?;
        Ok(Done::Keep(()))
    });
    moved.unwrap();
    // Summer time has begun there, and not in London.
    assert_eq!(
        reminder(&app, mike).await["nextAt"],
        "2026-03-10T22:30:00.000Z"
    );
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app), ["2026-03-10T22:30:00Z"]);
}

#[both]
async fn a_disabled_reminder_does_not_come(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    let off = set(&app, mike, "18:30", false).await;
    assert_eq!(
        off,
        json!({ "localTime": "18:30:00", "enabled": false, "nextAt": null })
    );
    app.travel(utc("2026-03-12T12:00:00Z")).await;
    assert_eq!(pushed(&app), [""; 0]);
    assert_eq!(api::worker::next_due(&app.app).await.unwrap(), None);
}

#[both]
async fn a_hidden_member_is_not_reminded(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    let given = &app.app;
    let hide = async |hidden| {
        let done = transact!(given, |tx| {
            api::profile::service::set_hidden(given, tx, mike.member, hidden).await?;
            Ok(Done::Keep(()))
        });
        done.unwrap();
    };
    hide(true).await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(app.notifications().await.len(), 0);
    // When he is shown again, the reminder continues.
    hide(false).await;
    app.travel(utc("2026-03-12T12:00:00Z")).await;
    assert_eq!(pushed(&app), ["2026-03-11T18:30:00Z"]);
}

#[both]
async fn after_an_outage_a_reminder_comes_on_its_own_day_only(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "18:30", true).await;
    app.app.clock.set(utc("2026-03-11T02:59:00Z")).unwrap();
    app.drain().await;
    // A member's day ends at three in the morning.
    assert_eq!(pushed(&app), ["2026-03-11T02:59:00Z"]);
    app.app.clock.set(utc("2026-03-14T03:00:00Z")).unwrap();
    app.drain().await;
    assert_eq!(pushed(&app).len(), 1);
    assert_eq!(
        reminder(&app, mike).await["nextAt"],
        "2026-03-14T18:30:00.000Z"
    );
}

#[both]
async fn after_an_outage_of_days_todays_reminder_comes_once(app: TestApp) {
    let mike = app.member("mike").await;
    app.register(mike, "mikes-phone").await;
    set(&app, mike, "08:00", true).await;
    // No worker ran from before yesterday's reminder until after today's.
    app.app.clock.set(utc("2026-03-12T15:00:00Z")).unwrap();
    app.drain().await;
    assert_eq!(pushed(&app), ["2026-03-12T15:00:00Z"]);
    let told = app.notifications().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].not_before, utc("2026-03-12T08:00:00Z"));
    let next = reminder(&app, mike).await["nextAt"].clone();
    assert_eq!(next, "2026-03-13T08:00:00.000Z");
    app.travel(utc("2026-03-13T07:59:59Z")).await;
    assert_eq!(pushed(&app).len(), 1);
    // No reminder comes for a day with a check-in, nor for the days before it.
    app.app.clock.set(utc("2026-03-15T15:00:00Z")).unwrap();
    app.checked_in(mike, "2026-03-15").await;
    app.drain().await;
    assert_eq!(pushed(&app).len(), 1);
}

#[both]
async fn without_a_phone_the_reminder_is_in_the_inbox(app: TestApp) {
    let mike = app.member("mike").await;
    set(&app, mike, "18:30", true).await;
    app.travel(utc("2026-03-10T19:00:00Z")).await;
    let told = app.notifications().await;
    assert_eq!(told[0].kind, Kind::CheckInReminder);
    assert_eq!(told[0].state, State::Skipped);
    assert_eq!(told[0].skip_reason, Some(SkipReason::NoDevice));
    let count = "{ me { unreadNotificationCount } }";
    let counted = app.as_member(mike, count, json!({})).await;
    assert_eq!(counted.at("/me/unreadNotificationCount"), 1);
}

/// An app whose pushes go nowhere, with small batches.
struct Crowd(TestApp, FakeTransport);

impl FromDatabase for Crowd {
    async fn from_database(database: TestDatabase) -> Self {
        let fake = FakeTransport::new();
        let toml = "[worker]\nreminder_batch = 30\ndelivery_batch = 30\n";
        let transport = std::sync::Arc::new(fake.clone());
        Self(
            TestApp::with_transport(database, toml, transport).await,
            fake,
        )
    }
}

#[both]
async fn four_workers_send_two_hundred_reminders_once_each(Crowd(app, fake): Crowd) {
    for n in 0..200 {
        let who = app.member(&format!("member{n}")).await;
        app.register(who, &format!("phone-{n}")).await;
        let minute = n % 7;
        set(&app, who, &format!("12:{:02}", minute + 1), true).await;
    }
    app.advance(TimeDelta::minutes(30));
    let mut workers = JoinSet::new();
    for _ in 0..4 {
        let worker = Worker::new(app.app.clone());
        workers.spawn(async move { worker.drain().await.unwrap() });
    }
    workers.join_all().await;
    // A worker may have seen nothing because another held the last batch.
    app.drain().await;
    assert_eq!(app.notifications().await.len(), 200);
    assert_eq!(app.deliveries().await.len(), 200);
    assert_eq!(fake.sent().len(), 200);
    assert!((0..200).all(|n| fake.sent_to(&format!("phone-{n}")) == 1));
}

fn zones() -> impl Strategy<Value = Zone> {
    prop::sample::select(names().collect::<Vec<_>>()).prop_map(zone)
}

fn times() -> impl Strategy<Value = NaiveTime> {
    (0..86_400u32)
        .prop_map(|second| NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap())
}

/// From 2000 to 2049.
fn instants() -> impl Strategy<Value = DateTime<Utc>> {
    (946_684_800..2_524_608_000i64).prop_map(|at| DateTime::from_timestamp(at, 0).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_next_time_is_the_local_time_or_follows_a_gap(
        zone in zones(), time in times(), after in instants(),
    ) {
        let next = next_after(zone, time, after);
        prop_assert!(next > after);
        let shown = next.with_timezone(&zone).naive_local();
        if shown.time() != time {
            // A gap: a second before, the local time was more than a second less.
            let before = (next - TimeDelta::seconds(1)).with_timezone(&zone).naive_local();
            prop_assert!(shown - before > TimeDelta::seconds(1));
        }
        // It is the first time of its day, and no time is left out in between.
        let gap = next - after;
        prop_assert!(gap <= TimeDelta::hours(50), "{gap}");
        for date in [shown.date(), shown.date().pred_opt().unwrap()] {
            let due = instant_of(zone, date, time);
            prop_assert!(due <= after || due >= next);
        }
    }

    #[test]
    fn the_last_time_has_passed_and_the_next_has_not(
        zone in zones(), time in times(), now in instants(),
    ) {
        let last = last_until(zone, time, now);
        prop_assert!(last <= now);
        prop_assert!(next_after(zone, time, last) > now);
        prop_assert!(now - last <= TimeDelta::hours(50));
    }

    #[test]
    fn consecutive_times_are_on_different_days(
        zone in zones(), time in times(), after in instants(),
    ) {
        let mut at = next_after(zone, time, after);
        for _ in 0..5 {
            let next = next_after(zone, time, at);
            // A few zones have skipped a whole day.
            prop_assert!(next - at <= TimeDelta::hours(50));
            let (before, day) = (at.with_timezone(&zone), next.with_timezone(&zone));
            prop_assert!(day.date_naive() > before.date_naive() || skips_a_day(zone, before.date_naive()));
            at = next;
        }
    }
}

fn skips_a_day(zone: Zone, date: NaiveDate) -> bool {
    let noon = |date: NaiveDate| zone.from_local_datetime(&date.and_hms_opt(12, 0, 0).unwrap());
    noon(date).earliest().is_none() || noon(date.pred_opt().unwrap()).earliest().is_none()
}
