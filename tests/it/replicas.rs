//! Two servers of one installation, each with phones of its own.

use api::bus::Event;
use entity::NotificationId;
use serde_json::{Value, json};
use support::{
    EventStream, NatsServer, Socket, TestApp, TestDatabase, TestServer, both, eventually,
};

const RECORDED: &str = "subscription { checkInRecorded { checkInId refetch } }";
const CHECK_IN: &str = "mutation($input: CheckInInput!) { checkIn(input: $input) {
    checkIn { id } errors { code } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_reach_clients_of_other_servers_and_an_outage_asks_for_a_refetch() {
    let app = TestApp::configured(TestDatabase::postgres().await, "").await;
    let mut nats = NatsServer::start();
    let a = TestServer::start(app.database(), &nats.toml()).await;
    let b = TestServer::start(app.database(), &nats.toml()).await;
    are_connected([&a, &b], true).await;
    let mike = app.member("mike").await;
    let token = TestServer::token(mike);
    let mut tablet = Socket::open(&b, Some(&token)).await;
    tablet.subscribe("check-ins", RECORDED, json!({})).await;
    let refetch = json!({ "checkInId": null, "refetch": true });
    assert_eq!(heard(&mut tablet).await, refetch);

    // Each check-in at A has another mood, and reaches the tablet at B.
    let id: uuid::Uuid = app.app.ids.next();
    let check_in = async |mood: i32| {
        let input = json!({ "input": { "id": id, "mood": mood } });
        let answer = a.graphql(Some(&token), CHECK_IN, input).await;
        let done = &answer["data"]["checkIn"];
        assert_eq!(done["errors"], json!([]), "{answer}");
        json!({ "checkInId": done["checkIn"]["id"], "refetch": false })
    };
    let recorded = check_in(3).await;
    assert_eq!(heard(&mut tablet).await, recorded);

    nats.stop();
    are_connected([&a, &b], false).await;
    check_in(4).await;
    nats.start_again();
    // Missed events are not sent again. Each phone is told once to refetch.
    assert_eq!(heard(&mut tablet).await, refetch);
    are_connected([&a, &b], true).await;
    // When the other server reconnects, the tablet may be told once more to refetch, instead of a check-in.
    for mood in 5.. {
        let recorded = check_in(1 + mood % 5).await;
        if heard(&mut tablet).await == recorded {
            break;
        }
        assert!(mood < 10, "the tablet is only told to refetch");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_and_event_streams_get_the_same_events() {
    let nats = NatsServer::start();
    let app = TestApp::in_the_present(TestDatabase::postgres().await).await;
    let a = TestServer::start(app.database(), &nats.toml()).await;
    let b = TestServer::start(app.database(), &nats.toml()).await;
    are_connected([&a, &b], true).await;
    let mike = app.member("mike").await;
    let token = TestServer::token(mike);
    let documents = [
        (
            "checkInRecorded",
            "subscription { checkInRecorded { id: checkInId at: updatedAt refetch } }",
        ),
        (
            "notificationReceived",
            "subscription { notificationReceived { id: notificationId at refetch } }",
        ),
    ];
    let mut listening = Vec::new();
    for server in [&a, &b] {
        for (field, document) in documents {
            let mut socket = Socket::open(server, Some(&token)).await;
            socket.subscribe("1", document, json!({})).await;
            let mut stream = EventStream::open(server, Some(&token), document).await;
            let first = json!({ "id": null, "at": null, "refetch": true });
            assert_eq!(socket.next().await["payload"]["data"][field], first);
            assert_eq!(stream.field(field).await, first);
            listening.push((field, socket, stream));
        }
    }
    let check_in = "mutation($id: UUID!) { checkIn(input: { id: $id, mood: 3 }) {
        checkIn { id at: updatedAt } errors { code } } }";
    let id: uuid::Uuid = app.app.ids.next();
    let recorded = a.graphql(Some(&token), check_in, json!({ "id": id })).await;
    let recorded = recorded["data"]["checkIn"]["checkIn"].clone();
    // Whichever process comes first plans it.
    app.tell(mike, "event").await;
    for (field, socket, stream) in &mut listening {
        let over_the_socket = socket.next().await["payload"]["data"][*field].clone();
        assert_eq!(stream.field(field).await, over_the_socket);
        let mut expected = recorded.clone();
        if *field == "notificationReceived" {
            let inbox = "{ me { notifications { nodes { id at } } } }";
            let inbox = b.graphql(Some(&token), inbox, json!({})).await;
            expected = inbox["data"]["me"]["notifications"]["nodes"][0].clone();
        }
        expected["refetch"] = json!(false);
        assert_eq!(over_the_socket, expected);
    }
}

#[both]
async fn a_slow_reader_is_told_once_to_refetch(database: TestDatabase) {
    let nats = NatsServer::start();
    let app = TestApp::in_the_present_configured(database, &nats.toml()).await;
    let server = TestServer::start(app.database(), &nats.toml()).await;
    eventually("the processes hear each other", async || {
        app.app.bus.is_connected()
    })
    .await;
    are_connected([&server, &server], true).await;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let inbox = "subscription { notificationReceived { notificationId refetch } }";
    let mut slow = Socket::narrow(&server, Some(&TestServer::token(mike))).await;
    let mut other = Socket::open(&server, Some(&TestServer::token(sam))).await;
    for socket in [&mut slow, &mut other] {
        socket.subscribe("1", inbox, json!({})).await;
        assert_eq!(notified(socket).await["refetch"], true);
    }
    let tell = |who: api::viewer::SignedIn| {
        let notification: NotificationId = app.app.ids.next();
        app.app.bus.publish(&Event::NotificationReceived {
            member: who.member,
            notification,
            at: app.now(),
        });
    };
    // Sam's event arrives after all events before it.
    let mut tell_mike = async |events: u32| {
        for _ in 0..events {
            tell(mike);
        }
        tell(sam);
        assert_eq!(notified(&mut other).await["refetch"], false);
    };
    // In small batches, so that only the reader is the bottleneck.
    let mut told = 0;
    while !metrics(&server)
        .await
        .contains("belay_bus_lagged_total 1\n")
    {
        tell_mike(16).await;
        told += 16;
        assert!(told < 50_000, "the server buffers without a limit");
    }
    tell_mike(1000).await;

    let mut events = 0;
    while notified(&mut slow).await["refetch"] == false {
        events += 1;
    }
    assert!(events <= told, "{events}");
    tell(mike);
    assert_eq!(notified(&mut slow).await["refetch"], false);
}

async fn notified(socket: &mut Socket) -> Value {
    let message = socket.next().await;
    assert_eq!(message["type"], "next", "{message}");
    message["payload"]["data"]["notificationReceived"].clone()
}

async fn heard(tablet: &mut Socket) -> Value {
    let message = tablet.next().await;
    assert_eq!(message["type"], "next", "{message}");
    message["payload"]["data"]["checkInRecorded"].clone()
}

async fn are_connected(servers: [&TestServer; 2], wanted: bool) {
    let wanted = format!("belay_bus_connected {}", u8::from(wanted));
    eventually("the servers hear each other, or do not", async || {
        let mut all = true;
        for server in servers {
            all &= metrics(server).await.contains(&wanted);
        }
        all
    })
    .await;
}

async fn metrics(server: &TestServer) -> String {
    server.get("/metrics").await.text().await.unwrap()
}
