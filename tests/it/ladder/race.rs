//! Ladders told by concurrent workers, while members come back.

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

/// The service with small batches of ladders.
pub struct InSmallBatches(TestApp);

impl FromDatabase for InSmallBatches {
    async fn from_database(database: TestDatabase) -> Self {
        Self(TestApp::configured(database, "[worker]\nreminder_batch = 4\n").await)
    }
}

/// The number of members whose ladders are due at the same moment.
const MEMBERS: usize = 60;

/// Members in groups of five, each group with one partner, who is told after a day.
async fn members(app: &TestApp) -> Vec<SignedIn> {
    let mut members = Vec::new();
    for group in 0..MEMBERS / 5 {
        let partner = app.member(&format!("partner-{group}")).await;
        for number in 0..5 {
            let member = app.member(&format!("man-{group}-{number}")).await;
            let peering = crate::peerings::partners(app, member, partner).await;
            let rung = json!({ "peeringId": peering, "afterDays": 1, "tells": "QUIET" });
            written(
                app,
                member,
                &json!({ "localTime": "09:00", "partner": rung }),
            )
            .await;
            members.push(member);
        }
        for asked in super::requests(app, partner).await {
            super::answer(app, partner, &asked["id"], true).await;
        }
    }
    members
}

async fn count_tellings(app: &TestApp, member: MemberId) -> u64 {
    ladder_telling::Entity::find()
        .filter(ladder_telling::Column::MemberId.eq(member))
        .count(app.app.db.pool())
        .await
        .unwrap()
}

async fn tell_until_nothing_is_due(app: &TestApp) {
    while ladder::service::run_due(&app.app).await.unwrap() > 0 {}
}

#[both]
async fn no_rung_tells_anyone_after_a_check_in_committed(InSmallBatches(app): InSmallBatches) {
    let members = members(&app).await;
    set_clock(&app, "2026-03-12T09:00:00Z");
    // The first batch tells before anybody checks in.
    assert_eq!(ladder::service::run_due(&app.app).await.unwrap(), 4);
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
    let mut check_ins = JoinSet::new();
    for member in members.clone() {
        let app = Arc::clone(&app);
        check_ins.spawn(async move {
            let new = NewCheckIn {
                id: app.app.ids.next(),
                day: None,
                says: Patch::default(),
                made_at: None,
            };
            let done = api::checkin::service::check_in(&app.app, member.member, new).await;
            assert!(matches!(done, Ok(CheckInOutcome::Recorded(_))));
            // Every telling by now was made before the check-in committed.
            (member.member, count_tellings(&app, member.member).await)
        });
    }
    let before: HashMap<MemberId, u64> = check_ins.join_all().await.into_iter().collect();
    tellers.join_all().await;
    tell_until_nothing_is_due(&app).await;
    for member in &members {
        let member = member.member;
        assert_eq!(count_tellings(&app, member).await, before[&member]);
    }
    // Every earlier telling is over.
    let all = ladder_telling::Entity::find()
        .all(app.app.db.pool())
        .await
        .unwrap();
    assert!(all.len() >= 4, "{}", all.len());
    assert!(all.iter().all(|telling| telling.over_at.is_some()));
}

#[both]
async fn a_queued_telling_is_not_pushed_after_a_check_in(app: TestApp) {
    let three = Three::agree(&app).await;
    app.register(three.mike, "mikes").await;
    app.register(three.paul, "pauls").await;
    app.drain().await;
    let before = app.outbox().len();
    set_clock(&app, "2026-03-14T09:00:00Z");
    // First the note, and a day later the partner: the push waits for a worker.
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
    // The telling was already in the inbox, and the return is beside it.
    let both = json!([{ "kind": "BACK_AGAIN" }, { "kind": "WENT_QUIET" }]);
    assert_eq!(inbox.at("/me/notifications/nodes"), both);
}

#[both]
async fn four_workers_tell_each_of_sixty_ladders_once(InSmallBatches(app): InSmallBatches) {
    let members = members(&app).await;
    set_clock(&app, "2026-03-12T09:00:00Z");
    let app = Arc::new(app);
    let mut workers = JoinSet::new();
    for _ in 0..4 {
        let app = Arc::clone(&app);
        workers.spawn(async move { tell_until_nothing_is_due(&app).await });
    }
    workers.join_all().await;
    tell_until_nothing_is_due(&app).await;
    for member in members {
        assert_eq!(count_tellings(&app, member.member).await, 1);
    }
}

#[both]
async fn ladders_tell_the_others_while_some_peerings_end(InSmallBatches(app): InSmallBatches) {
    let members = members(&app).await;
    set_clock(&app, "2026-03-12T09:00:00Z");
    let mut partings = Vec::new();
    for member in members.iter().step_by(2) {
        let peering = crate::peerings::peerings(&app, *member).await[0]["id"].clone();
        partings.push((*member, peering));
    }
    let app = Arc::new(app);
    let mut racing = JoinSet::new();
    for (member, peering) in partings {
        let app = Arc::clone(&app);
        racing.spawn(async move {
            let ended = crate::peerings::leave(&app, member, "endPeering", &peering).await;
            assert_eq!(ended["errors"], json!([]));
        });
    }
    for _ in 0..3 {
        let app = Arc::clone(&app);
        racing.spawn(async move { tell_until_nothing_is_due(&app).await });
    }
    racing.join_all().await;
    tell_until_nothing_is_due(&app).await;
    for member in members.iter().skip(1).step_by(2) {
        assert_eq!(count_tellings(&app, member.member).await, 1);
    }
}
