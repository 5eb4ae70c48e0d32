//! The end of a socket: close codes, expired tokens, sign-out and shutdown.

use std::time::{Duration, Instant};

use api::node_id::NodeId as _;
use serde_json::{Value, json};
use support::{
    EventStream, PROTOCOL, Program, Socket, TestApp, TestDatabase, TestServer, both, eventually,
};
use tokio_tungstenite::tungstenite::Message;

use super::{FOR_EVER, server};

#[tokio::test]
async fn a_socket_is_closed_with_the_codes_of_the_protocol() {
    let server = server("[http]\nbody_limit_bytes = 2048").await;
    let init = json!({ "type": "connection_init" });
    let with_token =
        |token: &str| json!({ "type": "connection_init", "payload": { "Authorization": token } });
    let subscribe =
        |id: &str| json!({ "type": "subscribe", "id": id, "payload": { "query": FOR_EVER } });
    let text = |message: &Value| Message::text(message.to_string());
    let long = "x".repeat(256);
    for (messages, code, reason) in [
        (vec![text(&subscribe("1"))], 4401, "Unauthorized"),
        (
            vec![text(&init), text(&init)],
            4429,
            "Too many initialisation requests",
        ),
        (vec![text(&with_token("Bearer stale"))], 4403, "Forbidden"),
        (vec![text(&with_token("Basic bWlrZTo="))], 4403, "Forbidden"),
        (
            vec![Message::text("nonsense")],
            4400,
            "Invalid message received",
        ),
        (
            vec![Message::text("{\"type\": \"start\"}")],
            4400,
            "Invalid message received",
        ),
        (
            vec![Message::binary(init.to_string())],
            4400,
            "Invalid message received",
        ),
        (
            vec![Message::text(" ".repeat(4096))],
            4400,
            "Invalid message received",
        ),
        (
            vec![text(
                &json!({ "type": "ping", "payload": { "a": "x".repeat(1024) } }),
            )],
            4400,
            "Invalid message received",
        ),
        (
            vec![text(&init), text(&subscribe("1")), text(&subscribe("1"))],
            4409,
            "Subscriber for 1 already exists",
        ),
        (
            vec![
                text(&init),
                text(&subscribe(&long)),
                text(&subscribe(&long)),
            ],
            4409,
            "Subscriber already exists",
        ),
    ] {
        let mut socket = Socket::connect(&server, &PROTOCOL).await.unwrap();
        let shown = format!("{messages:?}");
        for message in messages {
            socket.say(message).await;
        }
        assert_eq!(socket.closed().await, (code, reason.to_owned()), "{shown}");
    }
    let mut other = Socket::connect(&server, &[]).await.unwrap();
    assert_eq!(
        other.closed().await,
        (4406, "Subprotocol not acceptable".to_owned())
    );
    let old = [("sec-websocket-protocol", "graphql-ws")];
    assert!(Socket::connect(&server, &old).await.is_err());

    eventually("all sockets are closed", async || {
        let metrics = server.get("/metrics").await.text().await.unwrap();
        metrics.contains("belay_sockets 0\n")
    })
    .await;
    let metrics = server.get("/metrics").await.text().await.unwrap();
    let line = "belay_sockets_closed_total{code=\"4400\"} 5";
    assert!(metrics.contains(line), "no {line} in {metrics}");
}

#[tokio::test]
async fn a_socket_without_connection_init_is_closed() {
    let server = server("[http]\nsocket_init_seconds = 1").await;
    let mut socket = Socket::connect(&server, &PROTOCOL).await.unwrap();
    let why = (4408, "Connection initialisation timeout".to_owned());
    assert_eq!(socket.closed().await, why);
}

#[tokio::test]
async fn a_socket_closes_when_its_token_expires() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), "").await;
    let mut idle = Socket::open(&server, Some(&mike)).await;
    let mut busy = Socket::open(&server, Some(&mike)).await;
    let mut nobody = Socket::open(&server, None).await;
    busy.subscribe("1", FOR_EVER, json!({})).await;
    busy.next().await;
    let journey = json!({ "advance": { "minutes": 11 } }).to_string();
    let moved = server.post("/dev/clock", "application/json", journey).await;
    assert_eq!(moved.status(), 200);
    let expired = (4403, "Access token expired".to_owned());
    assert_eq!(idle.closed().await, expired);
    assert_eq!(busy.closed().await, expired);
    nobody.subscribe("1", "{ serverTime }", json!({})).await;
    assert_eq!(nobody.next().await["type"], "next");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ended_by_another_process_closes_its_sockets() {
    let app = TestApp::in_the_present(TestDatabase::postgres().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let sam = TestServer::token(app.member("sam").await);
    let here = TestServer::start(app.database(), "").await;
    let elsewhere = Program::new("serve --no-worker").database(app.database());
    let elsewhere = TestServer::run(elsewhere).await;
    let mut idle = Socket::open(&here, Some(&mike)).await;
    let mut busy = Socket::open(&here, Some(&mike)).await;
    let slow = "subscription { ticks(every: 600000) }";
    let mut stream = EventStream::open(&here, Some(&mike), slow).await;
    let mut other = Socket::open(&here, Some(&sam)).await;
    for socket in [&mut busy, &mut other] {
        socket.subscribe("1", FOR_EVER, json!({})).await;
        socket.next().await;
    }
    let sign_out = "mutation { signOut { errors { __typename } } }";
    let answer = elsewhere.graphql(Some(&mike), sign_out, json!({})).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    let answered = Instant::now();
    let signed_out = (4403, "Signed out".to_owned());
    let (idle, busy, event) = tokio::join!(idle.closed(), busy.closed(), stream.next());
    let took = answered.elapsed();
    assert_eq!((idle, busy), (signed_out.clone(), signed_out));
    let (_, refused) = event.unwrap();
    let code = &refused["errors"][0]["extensions"]["code"];
    assert_eq!(code, "UNAUTHENTICATED");
    // The promise is in seconds.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(other.next().await["type"], "next");
}

#[both]
async fn running_operations_are_answered_before_shutdown_closes_the_socket(database: TestDatabase) {
    let settings = "[http]\noperation_timeout_seconds = 3";
    let mut server = TestServer::start(&database, settings).await;
    let mut socket = Socket::open(&server, None).await;
    socket.subscribe("1", FOR_EVER, json!({})).await;
    assert_eq!(socket.next().await["id"], "1");
    socket.subscribe("2", "{ hangs }", json!({})).await;
    // The answer to the ping shows that the server has started the operation.
    socket.send(&json!({ "type": "ping" })).await;
    while socket.next().await["type"] != "pong" {}
    server.terminate();
    let given_up = loop {
        let message = socket.next().await;
        if message["id"] == "2" {
            break message;
        }
    };
    assert_eq!(given_up["payload"][0]["extensions"]["code"], "TIMEOUT");
    assert_eq!(socket.closed().await, (1001, "Going away".to_owned()));
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn signing_out_is_answered_before_the_socket_closes() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let server = TestServer::start(app.database(), "").await;
    let revoke =
        "mutation($id: ID!) { revokeSession(input: { sessionId: $id }) { errors { code } } }";
    let sign_out = "mutation { signOut { errors { code } } }";
    for (who, mutation, field) in [(mike, sign_out, "signOut"), (sam, revoke, "revokeSession")] {
        let mut socket = Socket::open(&server, Some(&TestServer::token(who))).await;
        socket.subscribe("events", FOR_EVER, json!({})).await;
        socket.next().await;
        let variables = json!({ "id": *who.session.global() });
        socket.subscribe("last", mutation, variables).await;
        let mut received = Vec::new();
        while received.last() != Some(&json!("complete")) {
            let message = socket.next().await;
            if message["id"] == "last" {
                let errors = &message["payload"]["data"][field]["errors"];
                let is_done = *errors == json!([]);
                received.push(if is_done {
                    json!("done")
                } else {
                    message["type"].clone()
                });
            }
        }
        assert_eq!(received, ["done", "complete"]);
        let signed_out = (4403, "Signed out".to_owned());
        assert_eq!(socket.closed().await, signed_out);
    }
}
