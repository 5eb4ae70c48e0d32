//! Worker processes share the due work, and shut down cleanly.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;
use entity::push_delivery::{DeliveryState, Model};
use entity::{MemberId, job};
use futures::stream::{self, StreamExt as _};
use sea_orm::EntityTrait as _;
use support::fake_fcm::FakeFcm;
use support::{Program, TestApp, TestDatabase, TestServer, both, eventually};

const MEMBERS: usize = 300;

/// Members with a phone each.
async fn members(app: &TestApp) -> Vec<MemberId> {
    let members = stream::iter(0..MEMBERS)
        .map(async |n| {
            let who = app.member(&format!("member{n}")).await;
            app.register(who, &format!("phone-{n}")).await;
            who.member
        })
        .buffered(8)
        .collect()
        .await;
    app.move_to_noon().await;
    members
}

/// Makes the daily reminders of all members due at the same moment.
async fn remind(app: &TestApp, members: Vec<MemberId>, after: TimeDelta) {
    let due = app.now() + after;
    for member in members {
        app.remind(member, due).await;
    }
}

fn count(deliveries: &[Model], state: DeliveryState) -> usize {
    let mut left = deliveries.to_vec();
    left.retain(|row| row.state == state);
    left.len()
}

/// Asserts that every reminder arrived exactly once.
async fn each_arrived_once(app: &TestApp, fcm: &FakeFcm) {
    let requests = fcm.requests();
    let reached: HashSet<_> = requests.iter().map(|it| it.address.as_str()).collect();
    assert_eq!((reached.len(), requests.len()), (MEMBERS, MEMBERS));
    assert_eq!(app.notifications().await.len(), MEMBERS);
    for row in app.deliveries().await {
        assert_eq!((row.state, row.attempts), (DeliveryState::Accepted, 1));
        assert_eq!((row.lease_holder, row.lease_until), (None, None));
    }
    assert_eq!(fcm.violations(), Vec::<String>::new());
}

async fn all_are_accepted(app: &TestApp) {
    eventually("everything is accepted", async || {
        count(&app.deliveries().await, DeliveryState::Accepted) == MEMBERS
    })
    .await;
}

/// How many pushes a process has sent, by its own count.
async fn sent_by(process: &TestServer) -> usize {
    let metrics = process.get("/metrics").await.text().await.unwrap();
    let outcomes = metrics
        .lines()
        .filter(|line| line.starts_with("belay_push_outcomes_total{"));
    let counts = outcomes.map(|line| line.rsplit_once(' ').unwrap().1.parse::<usize>().unwrap());
    counts.sum()
}

#[both]
async fn two_worker_processes_do_everything_once(database: TestDatabase) {
    let fcm = FakeFcm::start().await;
    fcm.set_latency(Duration::from_millis(50));
    let (settings, _key) = fcm.toml();
    let settings = settings + "[worker]\nreminder_batch = 20\ndelivery_batch = 20\n";
    let app = TestApp::in_the_present(database).await;
    let members = members(&app).await;
    let database = app.database();
    let server = Program::new("serve --no-worker").database(database);
    let server = TestServer::run(server.toml(&settings)).await;
    let one = TestServer::worker(database, &settings).await;
    let other = TestServer::worker(database, &settings).await;
    remind(&app, members, TimeDelta::seconds(3)).await;

    all_are_accepted(&app).await;
    each_arrived_once(&app, &fcm).await;
    let shares = [sent_by(&one).await, sent_by(&other).await];
    assert!(shares.iter().all(|share| *share > 0), "{shares:?}");
    assert_eq!(shares.iter().sum::<usize>(), MEMBERS);
    assert_eq!(sent_by(&server).await, 0);
    fcm.stop().await;
}

#[both]
async fn a_terminated_worker_finishes_what_it_began(database: TestDatabase) {
    let fcm = FakeFcm::start().await;
    // A batch takes this long, and there are three.
    fcm.set_latency(Duration::from_secs(1));
    let (settings, _key) = fcm.toml();
    let settings = settings + "[worker]\ndelivery_batch = 100\n";
    let app = TestApp::in_the_present(database).await;
    let members = members(&app).await;
    remind(&app, members, TimeDelta::zero()).await;
    let mut worker = TestServer::worker(app.database(), &settings).await;
    eventually("a push is on its way", async || !fcm.requests().is_empty()).await;
    worker.terminate();
    assert!(worker.ended().await.success(), "{}", worker.written());

    let deliveries = app.deliveries().await;
    let accepted = count(&deliveries, DeliveryState::Accepted);
    assert_eq!(accepted, fcm.requests().len());
    assert!(accepted < MEMBERS, "there was nothing left to begin");
    assert_eq!(
        count(&deliveries, DeliveryState::Queued),
        MEMBERS - accepted
    );
    assert!(deliveries.iter().all(|row| row.lease_holder.is_none()));
    let jobs = job::Entity::find().all(app.app.db.pool()).await.unwrap();
    assert!(jobs.iter().all(|job| job.lease_holder.is_none()));

    let _successor = TestServer::worker(app.database(), &settings).await;
    all_are_accepted(&app).await;
    each_arrived_once(&app, &fcm).await;
    fcm.stop().await;
}
