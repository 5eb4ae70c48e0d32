//! Many who tell, and men who come back meanwhile.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use api::checkin::entry::Patch;
use api::checkin::service::{CheckInOutcome, NewCheckIn};
use api::ladder;
use api::viewer::SignedIn;
use entity::{MemberId, ladder_telling};
use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use serde_json::json;
use support::{FromDatabase, TestApp, TestDatabase, both};
use tokio::task::JoinSet;

use super::{Three, check_in, set_clock, written};

/// With workers that take a few ladders at a time.
pub struct InSmallBatches(TestApp);

impl FromDatabase for InSmallBatches {
    async fn from_database(database: TestDatabase) -> Self {
        Self(TestApp::configured(database, "[worker]\nreminder_batch = 4\n").await)
    }
}

/// So many men whose ladders are due at the same moment.
const MEN: usize = 60;

/// Men whose partner, one for five of them, is told after a day.
async fn men(app: &TestApp) -> Vec<SignedIn> {
    let mut men = Vec::new();
    for group in 0..MEN / 5 {
        let partner = app.member(&format!("partner-{group}")).await;
        for number in 0..5 {
            let man = app.member(&format!("man-{group}-{number}")).await;
            let peering = crate::peerings::partners(app, man, partner).await;
            let rung = json!({ "peeringId": peering, "afterDays": 1, "tells": "QUIET" });
            written(app, man, &json!({ "localTime": "09:00", "partner": rung })).await;
            men.push(man);
        }
        for asked in super::requests(app, partner).await {
            super::answer(app, partner, &asked["id"], true).await;
        }
    }
    men
}

async fn told(app: &TestApp, man: MemberId) -> u64 {
    ladder_telling::Entity::find()
        .filter(ladder_telling::Column::MemberId.eq(man))
        .count(app.app.db.pool())
        .await
        .unwrap()
}

async fn tell_until_nothing_is_due(app: &TestApp) {
    while ladder::service::run_due(&app.app).await.unwrap() > 0 {}
}

#[both]
async fn no_rung_tells_anyone_after_a_check_in_committed(InSmallBatches(app): InSmallBatches) {
    let men = men(&app).await;
    set_clock(&app, "2026-03-12T09:00:00Z");
    let app = Arc::new(app);
    let mut tellers = JoinSet::new();
    for _ in 0..3 {
        let app = Arc::clone(&app);
        tellers.spawn(async move {
            for _ in 0..40 {
                ladder::service::run_due(&app.app).await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }
    let mut here = JoinSet::new();
    for man in men.clone() {
        let app = Arc::clone(&app);
        here.spawn(async move {
            let new = NewCheckIn {
                id: app.app.ids.next(),
                day: None,
                says: Patch::default(),
                made_at: None,
            };
            let done = api::checkin::service::check_in(&app.app, man.member, new).await;
            assert!(matches!(done, Ok(CheckInOutcome::Recorded(_))));
            // What was told by now was told before the check-in committed.
            (man.member, told(&app, man.member).await)
        });
    }
    let before: HashMap<MemberId, u64> = here.join_all().await.into_iter().collect();
    tellers.join_all().await;
    tell_until_nothing_is_due(&app).await;
    for man in &men {
        let man = man.member;
        assert_eq!(told(&app, man).await, before[&man]);
    }
    // And of what was told before, everybody who heard it hears that it is over.
    let all = ladder_telling::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap();
    assert!(all.iter().all(|telling| telling.over_at.is_some()));
}

#[both]
async fn what_was_told_does_not_leave_after_a_check_in(app: TestApp) {
    let three = Three::agree(&app).await;
    app.register(three.mike, "mikes").await;
    app.register(three.paul, "pauls").await;
    app.drain().await;
    let before = app.outbox().len();
    set_clock(&app, "2026-03-14T09:00:00Z");
    // The note to himself and then, a day later, his partner: the push waits for a worker.
    ladder::service::run_due(&app.app).await.unwrap();
    set_clock(&app, "2026-03-15T09:00:00Z");
    ladder::service::run_due(&app.app).await.unwrap();
    assert_eq!(super::tellings(&app, three.paul).await.len(), 1);
    let waiting = app.deliveries().await;
    assert!(
        waiting
            .iter()
            .any(|row| row.state == entity::push_delivery::DeliveryState::Queued)
    );
    app.advance(chrono::TimeDelta::minutes(1));
    check_in(&app, three.mike, "2026-03-15").await;
    app.drain().await;
    let sent = app.outbox();
    let sent: Vec<String> = sent[before..]
        .iter()
        .map(|sent| serde_json::to_value(sent).unwrap().to_string())
        .collect();
    assert!(
        !sent.iter().any(|text| text.contains("nudge_hello")),
        "{sent:?}"
    );
    let query = "{ me { notifications { nodes { kind } } } }";
    let inbox = app.as_member(three.paul, query, json!({})).await;
    // His inbox had it already, and says beside it that it is over.
    let both = json!([{ "kind": "BACK_AGAIN" }, { "kind": "WENT_QUIET" }]);
    assert_eq!(inbox.at("/me/notifications/nodes"), both);
}

#[both]
async fn four_workers_tell_each_of_sixty_ladders_once(InSmallBatches(app): InSmallBatches) {
    let men = men(&app).await;
    set_clock(&app, "2026-03-12T09:00:00Z");
    let app = Arc::new(app);
    let mut workers = JoinSet::new();
    for _ in 0..4 {
        let app = Arc::clone(&app);
        workers.spawn(async move { tell_until_nothing_is_due(&app).await });
    }
    workers.join_all().await;
    tell_until_nothing_is_due(&app).await;
    for man in men {
        assert_eq!(told(&app, man.member).await, 1);
    }
}

#[both]
async fn whoever_tells_while_partners_part_tells_the_others(InSmallBatches(app): InSmallBatches) {
    let men = men(&app).await;
    set_clock(&app, "2026-03-12T09:00:00Z");
    let mut partings = Vec::new();
    for man in men.iter().step_by(2) {
        let peering = crate::peerings::peerings(&app, *man).await[0]["id"].clone();
        partings.push((*man, peering));
    }
    let app = Arc::new(app);
    let mut racing = JoinSet::new();
    for (man, peering) in partings {
        let app = Arc::clone(&app);
        racing.spawn(async move {
            let ended = crate::peerings::leave(&app, man, "endPeering", &peering).await;
            assert_eq!(ended["errors"], json!([]));
        });
    }
    for _ in 0..3 {
        let app = Arc::clone(&app);
        racing.spawn(async move { tell_until_nothing_is_due(&app).await });
    }
    racing.join_all().await;
    tell_until_nothing_is_due(&app).await;
    for man in men.iter().skip(1).step_by(2) {
        assert_eq!(told(&app, man.member).await, 1);
    }
}
