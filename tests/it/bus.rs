//! Events between processes, through a real NATS.

use api::account::service::authenticate;
use api::account::token;
use api::app::App;
use api::bus::Event;
use api::node_id::NodeId as _;
use api::viewer::{SignedIn, Viewer};
use chrono::TimeDelta;
use entity::{MemberId, NotificationId};
use serde_json::{Value, json};
use support::{
    Listening, NatsServer, Program, TestApp, TestDatabase, TestServer, both, eventually,
};

use crate::subscriptions::{CHECK_INS, INBOX, check_in};

/// Two processes and a man's device at each. They start, and he listens, before NATS is there: each device hears
/// first that it may have missed something.
struct Two {
    nats: NatsServer,
    app: TestApp,
    replica: App,
    mike: SignedIn,
    here: Listening,
    there: Listening,
}

impl Two {
    async fn on(database: TestDatabase) -> Self {
        let mut nats = NatsServer::start();
        nats.stop();
        let app = TestApp::configured(database, &nats.toml()).await;
        let replica = app.replica().await;
        let mike = app.member("mike").await;
        let [here, there] = [&app.app, &replica].map(|app| {
            let schema = api::schema::build(app.clone());
            Listening::begin(&schema, Viewer::Member(mike), INBOX)
        });
        let mut two = Self {
            nats,
            app,
            replica,
            mike,
            here,
            there,
        };
        assert!(!two.app.app.bus.is_connected());
        two.nats.start_again();
        two.are_connected(true).await;
        assert_eq!(two.here.next().await, refetch());
        assert_eq!(two.there.next().await, refetch());
        two
    }

    async fn are_connected(&self, wanted: bool) {
        eventually("the processes hear each other, or do not", async || {
            let both = [&self.app.app, &self.replica];
            both.iter().all(|app| app.bus.is_connected() == wanted)
        })
        .await;
    }
}

fn refetch() -> Value {
    json!({ "notificationId": null, "refetch": true })
}

/// A line is told in a process; what is heard of it.
fn tell(app: &App, member: MemberId) -> Value {
    let notification: NotificationId = app.ids.next();
    app.bus.publish(&Event::NotificationReceived {
        member,
        notification,
        at: app.clock.now(),
    });
    json!({ "notificationId": *notification.global(), "refetch": false })
}

#[both]
async fn an_event_is_heard_once_in_every_process(database: TestDatabase) {
    let mut two = Two::on(database).await;
    let sam = two.app.member("sam").await;
    let there = api::schema::build(two.replica.clone());
    let mut sams = Listening::begin(&there, Viewer::Member(sam), INBOX);
    let mut check_ins = Listening::begin(&there, Viewer::Member(two.mike), CHECK_INS);

    let (recorded, _) = check_in(&two.app, two.mike, two.app.app.ids.next(), 3).await;
    assert_eq!(check_ins.next().await["checkInId"], recorded["id"]);
    // From this side and from that: had one come twice, it would come before the next.
    for turn in 0..10 {
        let from = [&two.app.app, &two.replica][turn % 2];
        let told = tell(from, two.mike.member);
        assert_eq!(two.here.next().await, told);
        assert_eq!(two.there.next().await, told);
    }
    assert_eq!(sams.heard(), [Value::Null; 0]);
    assert_eq!(check_ins.heard(), [Value::Null; 0]);
}

#[both]
async fn a_session_ended_in_one_process_is_refused_in_the_others(database: TestDatabase) {
    let two = Two::on(database).await;
    let (here, there) = (&two.app.app, &two.replica);
    let ends = here.clock.now() + TimeDelta::minutes(10);
    let token = token::issue(&here.keys, two.mike, 0, ends).unwrap();
    assert!(authenticate(there, &token).is_some());
    let sign_out = "mutation { signOut { errors { code } } }";
    two.app.as_member(two.mike, sign_out, json!({})).await.ok();
    // Nothing looks into the database here.
    eventually("the session is refused", async || {
        authenticate(there, &token).is_none()
    })
    .await;
}

#[both]
async fn what_is_not_signed_on_the_bus_is_passed_over(database: TestDatabase) {
    let mut two = Two::on(database).await;
    let (here, there) = (&two.app.app, &two.replica);
    let ends = here.clock.now() + TimeDelta::minutes(10);
    let token = token::issue(&here.keys, two.mike, 0, ends).unwrap();
    let stranger = async_nats::connect(two.nats.url("")).await.unwrap();
    let from = uuid::Uuid::from_u128(7);
    for said in [
        json!({ "version": 1, "from": from, "said": "ended",
            "sessions": [two.mike.session], "at": "2099-01-01T00:00:00Z" }),
        json!({ "version": 1, "from": from, "said": "here", "connection": 1, "lost": true }),
        json!({ "version": 1, "from": from, "said": "event", "event": {
            "kind": "notification_received", "member": two.mike.member,
            "notification": from, "at": "2026-03-10T12:00:00Z" } }),
    ] {
        let subject = format!("belay.process.{from}");
        let payload = said.to_string().into();
        stranger.publish(subject, payload).await.unwrap();
    }
    stranger.flush().await.unwrap();
    // What comes after it on the same way has been heard, and nothing before it.
    let told = tell(here, two.mike.member);
    assert_eq!(two.there.next().await, told);
    assert_eq!(two.here.next().await, told);
    assert!(authenticate(there, &token).is_some());
    assert!(authenticate(here, &token).is_some());
}

#[both]
async fn listeners_outlast_an_outage_and_read_anew_after_it(database: TestDatabase) {
    let mut two = Two::on(database).await;
    two.nats.stop();
    two.are_connected(false).await;
    // More than is kept for when it is back.
    for _ in 0..20_000 {
        tell(&two.app.app, two.app.app.ids.next());
    }
    let told = tell(&two.app.app, two.mike.member);
    assert_eq!(two.here.next().await, told);
    assert_eq!(two.there.heard(), [Value::Null; 0]);

    two.nats.start_again();
    two.are_connected(true).await;
    assert_eq!(two.here.next().await, refetch());
    assert_eq!(two.there.next().await, refetch());
    // Both processes say that they were away, and the second time may stand for an event.
    for (from, at) in [
        (&two.app.app, &mut two.there),
        (&two.replica, &mut two.here),
    ] {
        eventually("later events are heard", async || {
            tell(from, two.mike.member);
            at.heard().iter().any(|heard| *heard != refetch())
        })
        .await;
    }
}

#[both]
async fn what_a_worker_does_is_heard_in_another_process(database: TestDatabase) {
    let mut nats = NatsServer::start();
    nats.stop();
    let mut worker = TestServer::worker(&database, &nats.toml()).await;
    let app = TestApp::in_the_present_configured(database, &nats.toml()).await;
    let mike = app.member("mike").await;
    let mut listening = app.listen(mike, INBOX);
    nats.start_again();
    assert_eq!(listening.next().await, refetch());
    metric(&worker, "belay_bus_connected 1").await;
    app.tell(mike, "event").await;
    let heard = listening.next().await;
    let line = app.notifications().await.remove(0);
    let line = json!({ "notificationId": *line.id.global(), "refetch": false });
    assert_eq!(heard, line);
    worker.terminate();
    assert!(worker.ended().await.success());
}

async fn metric(server: &TestServer, line: &str) {
    eventually(line, async || {
        let metrics = server.get("/metrics").await.text().await.unwrap();
        metrics.lines().any(|one| one == line)
    })
    .await;
}

#[both]
async fn a_server_runs_while_nats_is_away_and_says_so_once(database: TestDatabase) {
    let mut nats = NatsServer::configured("authorization { user: belay, password: hunter2 }");
    let url = nats.url("belay:hunter2@");
    let program = Program::new("serve").database(&database);
    let program = program.env("BELAY_LOG__LEVEL", "trace");
    let mut server = TestServer::run(program.env("BELAY_BUS__URL", &url)).await;
    metric(&server, "belay_bus_connected 1").await;
    nats.stop();
    metric(&server, "belay_bus_connected 0").await;
    assert_eq!(server.get("/readyz").await.status(), 200);
    nats.start_again();
    metric(&server, "belay_bus_connected 1").await;
    server.terminate();
    assert!(server.ended().await.success());

    let written = server.written();
    let said = |words| written.matches(words).count();
    assert_eq!(said("NATS is there"), 2, "{written}");
    assert_eq!(said("NATS is away"), 1, "{written}");
    assert_eq!(said("async_nats"), 0, "{written}");
    assert_eq!(said("hunter2"), 0, "{written}");
    assert_eq!(said("bus.url is not set"), 0, "{written}");
}

#[both]
async fn a_process_that_cannot_be_heard_says_so(database: TestDatabase) {
    for (command, wanted) in [("serve --no-worker", 1), ("serve", 0)] {
        let mut server = TestServer::run(Program::new(command).database(&database)).await;
        server.terminate();
        server.ended().await;
        let written = server.written();
        assert_eq!(
            written.matches("bus.url is not set").count(),
            wanted,
            "{written}"
        );
    }
}
