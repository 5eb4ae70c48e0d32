//! Stored instants of planned things are computed again when the rules change. Past events stay.

use api::app::App;
use api::viewer::SignedIn;
use api::worker::Worker;
use api::zone_change;
use api::zones::{Installed, Origin};
use chrono::TimeDelta;
use entity::{check_in, check_in_reminder, commitment, zone_data};
use sea_orm::sea_query::Expr;
use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde_json::json;
use support::{TestApp, TestDatabase, both};

use super::{LATER, Place, drain};
use crate::commitments::daily;
use crate::ladder::{check_in as checks_in, steps, written};
use crate::peerings::partners;
use crate::reminders::{pushed, reminder, set, utc};

#[both]
async fn a_reminder_follows_the_new_rules(app: TestApp) {
    let (place, mike) = (Place::new(), app.member("mike").await);
    app.register(mike, "mikes-phone").await;
    place.move_here(&app, mike).await;
    let london = app.member("sam").await;
    set(&app, london, "18:30", true).await;
    let before = set(&app, mike, "18:30", true).await;
    assert_eq!(before["nextAt"], "2026-03-10T18:30:00.000Z");
    let renewed = place.apply_new_rules(&app).await;
    let after = reminder(&app, mike).await;
    assert_eq!(after["nextAt"], "2026-03-10T17:30:00.000Z");
    assert_eq!(
        reminder(&app, london).await["nextAt"],
        "2026-03-10T18:30:00.000Z"
    );
    // Computed again, it is the same.
    zone_change::begin(&renewed).await.unwrap();
    drain(&renewed).await;
    assert_eq!(reminder(&app, mike).await, after);
    app.travel(utc("2026-03-11T23:00:00Z")).await;
    let expected = ["2026-03-10T17:30:00Z", "2026-03-11T17:30:00Z"];
    assert_eq!(pushed(&app), expected);
}

#[both]
async fn a_reminder_that_came_today_does_not_come_again(app: TestApp) {
    let (place, mike) = (Place::new(), app.member("mike").await);
    app.register(mike, "mikes-phone").await;
    place.move_here(&app, mike).await;
    set(&app, mike, "15:30", true).await;
    app.travel(utc("2026-03-10T15:30:30Z")).await;
    assert_eq!(pushed(&app).len(), 1);
    // The local time is 16:30 now.
    place.apply_new_rules(&app).await;
    assert_eq!(
        reminder(&app, mike).await["nextAt"],
        "2026-03-11T14:30:00.000Z"
    );
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    assert_eq!(pushed(&app).len(), 1);
}

#[both]
async fn a_reminder_whose_time_has_passed_comes_at_once(app: TestApp) {
    let (place, mike) = (Place::new(), app.member("mike").await);
    app.register(mike, "mikes-phone").await;
    place.move_here(&app, mike).await;
    set(&app, mike, "18:30", true).await;
    // It should have come at 17:30.
    app.travel(utc("2026-03-10T18:00:00Z")).await;
    place.apply_new_rules(&app).await;
    app.travel(utc("2026-03-10T23:00:00Z")).await;
    assert_eq!(pushed(&app), ["2026-03-10T18:00:00Z"]);
    assert_eq!(
        reminder(&app, mike).await["nextAt"],
        "2026-03-11T17:30:00.000Z"
    );
}

#[both]
async fn a_follow_up_follows_the_new_rules(app: TestApp) {
    let place = Place::new();
    let (mike, paul) = (app.member("mike").await, app.member("paul").await);
    let peering = partners(&app, mike, paul).await;
    place.move_here(&app, mike).await;
    daily(&app, mike, &peering).await;
    let asks = async || {
        let row = commitment::Entity::find().one(app.app.db.pool()).await;
        let row = row.unwrap().unwrap();
        (row.next_ask_on, row.next_ask_at)
    };
    let (day, at) = asks().await;
    assert_eq!(at, Some(utc("2026-03-11T10:00:00Z")));
    place.apply_new_rules(&app).await;
    assert_eq!(asks().await, (day, Some(utc("2026-03-11T09:00:00Z"))));
}

#[both]
async fn a_ladder_follows_the_new_rules(app: TestApp) {
    let (place, mike) = (Place::new(), app.member("mike").await);
    place.move_here(&app, mike).await;
    checks_in(&app, mike, "2026-03-10").await;
    let ladder = json!({ "localTime": "09:00", "own": { "afterDays": 1 } });
    written(&app, mike, &ladder).await;
    let due = async || {
        let row = entity::ladder::Entity::find().one(app.app.db.pool()).await;
        row.unwrap().unwrap().next_due_at
    };
    assert_eq!(due().await, Some(utc("2026-03-12T09:00:00Z")));
    place.apply_new_rules(&app).await;
    assert_eq!(due().await, Some(utc("2026-03-12T08:00:00Z")));
    assert_eq!(steps(&app, mike).await[0].1, "2026-03-12T08:00:00.000Z");
}

#[both]
async fn quiet_hours_follow_the_new_rules(app: TestApp) {
    let (place, mike) = (Place::new(), app.member("mike").await);
    app.register(mike, "mikes-phone").await;
    place.move_here(&app, mike).await;
    app.app.clock.set(utc("2026-03-10T23:00:00Z")).unwrap();
    let now = app.now();
    app.tell_at(mike, "event", now, now + TimeDelta::hours(24))
        .await;
    app.drain().await;
    assert_eq!(pushed(&app).len(), 0);
    place.apply_new_rules(&app).await;
    app.travel(utc("2026-03-11T12:00:00Z")).await;
    // Seven in local time, and some minutes, because pushes are spread.
    let at = pushed(&app);
    assert_eq!(at.len(), 1);
    let seven = utc("2026-03-11T06:00:00Z");
    assert!(
        (seven..seven + TimeDelta::minutes(15)).contains(&utc(&at[0])),
        "{at:?}"
    );
}

#[both]
async fn past_check_ins_keep_their_date_and_zone(app: TestApp) {
    let (place, mike) = (Place::new(), app.member("mike").await);
    place.move_here(&app, mike).await;
    checks_in(&app, mike, "2026-03-10").await;
    let all = async || {
        let rows = check_in::Entity::find().all(app.app.db.pool()).await;
        rows.unwrap()
    };
    let before = all().await;
    assert_eq!(before[0].time_zone, place.0);
    place.apply_new_rules(&app).await;
    assert_eq!(all().await, before);
}

/// Overwrites the stored instant of the reminder.
async fn store_next_reminder(app: &TestApp, who: SignedIn, to: &str) {
    check_in_reminder::Entity::update_many()
        .col_expr(check_in_reminder::Column::NextDueAt, Expr::value(utc(to)))
        .exec(app.app.db.pool())
        .await
        .unwrap();
    let shown = reminder(app, who).await["nextAt"].clone();
    assert_eq!(utc(shown.as_str().unwrap()), utc(to));
}

#[both]
async fn an_older_edition_changes_nothing(app: TestApp) {
    let (place, mike) = (Place::new(), app.member("mike").await);
    place.move_here(&app, mike).await;
    set(&app, mike, "18:30", true).await;
    place.apply_new_rules(&app).await;
    // An older process must not change the instant, whichever rules it follows.
    store_next_reminder(&app, mike, "2026-03-10T19:00:00Z").await;
    let old = Installed {
        version: "2089a".parse().unwrap(),
        origin: Origin::Bundled,
    };
    let old = app.replica_by(old, 4).await;
    zone_change::begin(&old).await.unwrap();
    drain(&old).await;
    assert_eq!(
        reminder(&app, mike).await["nextAt"],
        "2026-03-10T19:00:00.000Z"
    );
    let editions = zone_data::Entity::find().order_by_asc(zone_data::Column::Version);
    let editions = editions.all(app.app.db.pool()).await.unwrap();
    let versions: Vec<_> = editions.iter().map(|row| row.version.as_str()).collect();
    assert_eq!(versions, ["2025b", LATER]);
}

#[both]
async fn workers_share_the_computation_and_a_restart_continues_it(database: TestDatabase) {
    let app = TestApp::configured(database, "[worker]\nreminder_batch = 2").await;
    let place = Place::new();
    let mut members = Vec::new();
    for number in 0..9 {
        let who = app.member(&format!("man{number}")).await;
        place.move_here(&app, who).await;
        set(&app, who, "18:30", true).await;
        members.push(who);
    }
    let moved = async || {
        let mut moved = 0;
        for who in &members {
            moved +=
                usize::from(reminder(&app, *who).await["nextAt"] == "2026-03-10T17:30:00.000Z");
        }
        moved
    };
    let one = place.begin_new_rules(&app, 3).await;
    assert_eq!(zone_change::run_due(&one).await.unwrap(), 1);
    assert_eq!(moved().await, 2);
    // This process ends. Three others start, and continue at the same time.
    drop(one);
    let others: [App; 3] = [
        place.begin_new_rules(&app, 4).await,
        place.begin_new_rules(&app, 5).await,
        place.begin_new_rules(&app, 6).await,
    ];
    assert_eq!(moved().await, 2);
    let work = async |app: &App| Worker::new(app.clone()).drain().await.unwrap();
    tokio::join!(work(&others[0]), work(&others[1]), work(&others[2]));
    assert_eq!(moved().await, 9);
}

#[both]
async fn an_instant_stored_by_an_older_process_is_corrected_a_day_later(app: TestApp) {
    let (place, mike) = (Place::new(), app.member("mike").await);
    place.move_here(&app, mike).await;
    set(&app, mike, "18:30", true).await;
    let renewed = place.apply_new_rules(&app).await;
    // A process with the old rules stores the reminder of the 12th.
    store_next_reminder(&app, mike, "2026-03-12T18:30:00Z").await;
    drain(&renewed).await;
    assert_eq!(
        reminder(&app, mike).await["nextAt"],
        "2026-03-12T18:30:00.000Z"
    );
    app.advance(TimeDelta::days(1));
    drain(&renewed).await;
    assert_eq!(
        reminder(&app, mike).await["nextAt"],
        "2026-03-12T17:30:00.000Z"
    );
    assert_eq!(zone_change::next_due(&renewed).await.unwrap(), None);
}
