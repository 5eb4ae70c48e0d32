//! Limits of sockets and of the operations on them, and what operations cost.

use serde_json::{Value, json};
use support::{PROTOCOL, Socket, TestApp, TestDatabase, TestServer, eventually};
use tokio_tungstenite::tungstenite::Error;

use super::{lines, server};

#[tokio::test]
async fn operations_and_sockets_are_limited() {
    let settings = "[http]\nsockets_per_address = 3\nsockets_per_member = 1";
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), settings).await;
    let mut socket = Socket::open(&server, Some(&mike)).await;
    for id in 0..50 {
        socket
            .subscribe(&id.to_string(), "{ hangs }", json!({}))
            .await;
    }
    socket.subscribe("more", "{ serverTime }", json!({})).await;
    let refused = socket.next().await;
    assert_eq!(
        (&refused["type"], &refused["id"]),
        (&json!("error"), &json!("more"))
    );
    assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    socket.complete("7").await;
    socket.subscribe("more", "{ serverTime }", json!({})).await;
    assert_eq!(socket.next().await["type"], "next");

    let mut second = Socket::connect(&server, &PROTOCOL).await.unwrap();
    let payload = json!({ "authorization": format!("Bearer {mike}") });
    second
        .send(&json!({ "type": "connection_init", "payload": payload }))
        .await;
    assert_eq!(second.closed().await, (1013, "Too many sockets".to_owned()));

    drop((socket, second));
    eventually("the sockets are closed", async || {
        let metrics = server.get("/metrics").await.text().await.unwrap();
        metrics.contains("belay_sockets 0")
    })
    .await;
    let _sockets = [
        Socket::open(&server, Some(&mike)).await,
        Socket::open(&server, None).await,
        Socket::open(&server, None).await,
    ];
    match Socket::connect(&server, &PROTOCOL).await {
        Err(Error::Http(answer)) => {
            assert_eq!(answer.status(), 429);
            assert_eq!(answer.headers()["retry-after"], "60");
        }
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test]
async fn undeclared_variables_are_not_kept_in_memory() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), "").await;
    let mut socket = Socket::open(&server, Some(&mike)).await;
    let idle = "subscription { ticks(every: 600000) }";
    let junk = json!({ "junk": "x".repeat(1_000_000) });
    let mut begin = async |id: u32| {
        socket.subscribe(&id.to_string(), idle, junk.clone()).await;
        // The answer to the ping shows that the server has started the operation.
        socket.send(&json!({ "type": "ping" })).await;
        assert_eq!(socket.next().await["type"], "pong");
    };
    begin(0).await;
    let grown = server.peak_growth_from_here();
    for id in 1..40 {
        begin(id).await;
    }
    let grown = grown.bytes();
    assert!(grown < 20 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn an_operation_costs_the_same_over_a_socket_and_http() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let budget = "[graphql.member_budget]\npoints = 20_000\nper_second = 1";
    let server = TestServer::start(app.database(), budget).await;
    let query =
        "{ me { circles(first: 20) { nodes { name members(first: 50) { nodes { role } } } } } }";
    let mut socket = Socket::open(&server, Some(&mike)).await;
    let mut before = 20_000;
    for round in 0..2 {
        let over_http = server.graphql(Some(&mike), query, json!({})).await;
        socket.subscribe(&round.to_string(), query, json!({})).await;
        let next = socket.next().await;
        assert_eq!(next["type"], "next", "{next}");
        let over_the_socket = next["payload"].clone();
        assert_eq!(socket.next().await["type"], "complete");
        for answer in [over_http, over_the_socket] {
            let cost = &answer["extensions"]["cost"];
            let requested = cost["requested"].as_i64().unwrap();
            let remaining = cost["remaining"].as_i64().unwrap();
            // One point per second comes back.
            assert!(requested > 1000, "{answer}");
            assert!(remaining <= before - requested + 200, "{answer}");
            before = remaining;
        }
    }
}

#[tokio::test]
async fn a_flood_of_refused_operations_closes_its_socket_and_delays_nobody_for_long() {
    let poor = "[graphql.address_budget]\npoints = 20_000\nper_second = 1";
    let server = server(poor).await;
    let dear = "{ me { circles(first: 100) { nodes { members(first: 49) {
        edges { node { member { handle } again: member { handle } } } } } } } }";
    server.graphql(None, dear, json!({})).await;
    for flood in 0..3 {
        let mut socket = Socket::open(&server, None).await;
        let mut answers = 0;
        let code = loop {
            let payload = json!({ "query": "{ no }" });
            let message = json!({ "type": "subscribe", "id": "1", "payload": payload });
            socket.send(&message).await;
            match socket.heard().await {
                Ok(_) => answers += 1,
                Err(why) => break u16::from(why.expect("a reason").code),
            }
        };
        assert_eq!(code, 4429);
        // The points that were left, and the refusals after that.
        assert!(answers <= 250, "flood {flood}: {answers} answers");
        let answer = server.graphql(None, "{ __typename }", json!({})).await;
        let wait = &answer["errors"][0]["extensions"]["retryAfter"];
        assert!(wait.as_u64().unwrap() <= 20, "{answer}");
    }
}

#[tokio::test]
async fn operations_over_the_limit_cost_points_and_share_one_log_line() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let settings = "[log]\nformat = \"json\"
        [graphql.member_budget]\npoints = 20_000\nper_second = 1";
    let mut server = TestServer::start(app.database(), settings).await;
    let mut socket = Socket::open(&server, Some(&mike)).await;
    for id in 0..50 {
        socket
            .subscribe(&id.to_string(), "{ hangs }", json!({}))
            .await;
    }
    for _ in 0..49 {
        socket.subscribe("more", "{ serverTime }", json!({})).await;
        let refused = socket.next().await;
        assert_eq!(refused["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    }
    socket.complete("7").await;
    socket.subscribe("more", "{ serverTime }", json!({})).await;
    let cost = socket.next().await["payload"]["extensions"]["cost"].clone();
    assert!(cost["remaining"].as_i64().unwrap() < 19_600, "{cost}");
    drop(socket);
    server.terminate();
    assert!(server.ended().await.success());
    let lines = lines(&server);
    assert!(lines.len() <= 51, "{lines:?}");
    let written = server.written();
    let of_the_socket = written.lines().find(|line| line.contains("\"refused\":"));
    let of_the_socket: Value = serde_json::from_str(of_the_socket.unwrap()).unwrap();
    assert_eq!(of_the_socket["refused"], 49);
}
