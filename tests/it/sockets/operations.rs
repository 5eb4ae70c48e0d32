//! Operations over a socket: answers, errors and completion.

use std::collections::HashMap;

use serde_json::{Value, json};
use support::{PROTOCOL, Socket, TestApp, TestServer, both};

use super::{FOR_EVER, TICKS, lines, server};

#[both]
async fn a_member_queries_and_mutates_over_a_socket(app: TestApp) {
    let mike = app.member("mike").await;
    let server = TestServer::start(app.database(), "").await;
    let token = TestServer::token(mike);
    let mut socket = Socket::open(&server, Some(&token)).await;
    let input = json!({ "input": { "id": app.app.ids.next::<uuid::Uuid>(), "mood": 4 } });
    let check_in = "mutation($input: CheckInInput!) {
        checkIn(input: $input) { progress { daysShownUp } errors { code } } }";
    for _ in 0..2 {
        socket.subscribe("1", check_in, input.clone()).await;
        let next = socket.next().await;
        assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!("1")));
        let once = json!({ "progress": { "daysShownUp": 1 }, "errors": [] });
        assert_eq!(next["payload"]["data"]["checkIn"], once, "{next}");
        assert!(next["payload"]["extensions"]["cost"].is_object(), "{next}");
        let complete = json!({ "type": "complete", "id": "1" });
        assert_eq!(socket.next().await, complete);
    }

    // Libraries that can set headers may send the token there. A token in the message takes precedence.
    let query = "{ me { memberId } }";
    let header = format!("Bearer {token}");
    let with = |value| [PROTOCOL[0], ("authorization", value)];
    let init = json!({ "type": "connection_init" });
    let mut by_header = Socket::connect(&server, &with(&header)).await.unwrap();
    by_header.send(&init).await;
    assert_eq!(by_header.next().await["type"], "connection_ack");
    by_header.subscribe("q", query, json!({})).await;
    let himself = by_header.next().await;
    assert!(himself["payload"]["data"]["me"]["memberId"].is_string());

    let mut stale = Socket::connect(&server, &with("Bearer stale"))
        .await
        .unwrap();
    stale.send(&init).await;
    assert_eq!(stale.closed().await, (4403, "Forbidden".to_owned()));

    let mut nobody = Socket::open(&server, None).await;
    nobody.subscribe("q", query, json!({})).await;
    let refused = nobody.next().await;
    assert_eq!(
        refused["payload"]["errors"][0]["extensions"]["code"],
        "UNAUTHENTICATED"
    );
    assert_eq!(refused["payload"]["data"], json!({ "me": null }));
}

#[tokio::test]
async fn a_query_and_a_subscription_share_a_socket() {
    let server = server("").await;
    let mut socket = Socket::open(&server, None).await;
    socket.subscribe("s", TICKS, json!({ "count": 3 })).await;
    socket
        .subscribe("q", "{ echo(text: \"hello\") }", json!({}))
        .await;
    let mut received = HashMap::<String, Vec<Value>>::new();
    while received
        .values()
        .flatten()
        .filter(|it| **it == "complete")
        .count()
        < 2
    {
        let message = socket.next().await;
        let entry = received
            .entry(message["id"].as_str().unwrap().to_owned())
            .or_default();
        let data = &message["payload"]["data"];
        entry.push(if data.is_null() {
            message["type"].clone()
        } else {
            data.clone()
        });
    }
    let tick = |n: u32| json!({ "ticks": n });
    assert_eq!(
        received["s"],
        [tick(1), tick(2), tick(3), json!("complete")]
    );
    assert_eq!(
        received["q"],
        [json!({ "echo": "hello" }), json!("complete")]
    );

    socket
        .send(&json!({ "type": "ping", "payload": { "at": 3 } }))
        .await;
    let pong = json!({ "type": "pong", "payload": { "at": 3 } });
    assert_eq!(socket.next().await, pong);
}

#[tokio::test]
async fn operations_are_refused_with_the_same_codes_as_over_http() {
    let server = server("[graphql]\nintrospection = \"off\"").await;
    let mut socket = Socket::open(&server, None).await;
    let deep = format!("{{ {} {} }}", "...{ ".repeat(30), "}".repeat(30));
    let aliases: Vec<String> = (0..40).map(|n| format!("a{n}: serverTime")).collect();
    let spread = (0..26).map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1));
    let doubling: String = spread.collect();
    let doubling = format!("{{ ...f0 }} {doubling} fragment f26 on Query {{ serverTime }}");
    for query in [
        "{ serverTime",
        "",
        "{ nothing }",
        "query($a: Int) { serverTime }",
        "query($n: String!) { echo(text: $n) }",
        "query A { serverTime } query B { serverTime }",
        "{ __schema { types { name } } }",
        &deep,
        &format!("{{ {} }}", aliases.join(" ")),
        &doubling,
    ] {
        let over_http = server.graphql(None, query, json!({})).await;
        socket.subscribe("1", query, json!({})).await;
        let refused = socket.next().await;
        assert_eq!(refused["type"], "error", "{query}: {refused}");
        let code = |errors: &Value| errors[0]["extensions"]["code"].clone();
        let shown = format!("{query}: {refused} {over_http}");
        assert!(code(&refused["payload"]).is_string(), "{shown}");
        assert_eq!(
            code(&refused["payload"]),
            code(&over_http["errors"]),
            "{shown}"
        );
    }
    for query in [
        "subscription { nothing }",
        "subscription { ticks(every: \"x\") }",
        "subscription { a: ticks(every: 1) b: ticks(every: 1) }",
    ] {
        socket.subscribe("1", query, json!({})).await;
        assert_eq!(socket.next().await["type"], "error", "{query}");
    }
    // The socket still works.
    socket.subscribe("1", TICKS, json!({ "count": 1 })).await;
    assert_eq!(socket.next().await["payload"]["data"]["ticks"], 1);
}

#[tokio::test]
async fn a_failing_operation_ends_alone_and_is_logged() {
    let settings = "[http]\noperation_timeout_seconds = 1\n[log]\nformat = \"json\"";
    let mut server = server(settings).await;
    let mut socket = Socket::open(&server, None).await;
    socket
        .subscribe("p", "query Panics { panics }", json!({}))
        .await;
    let panicked = socket.next().await;
    assert_eq!(panicked["type"], "error", "{panicked}");
    let error = &panicked["payload"][0];
    assert_eq!(error["extensions"]["code"], "INTERNAL_SERVER_ERROR");
    assert!(error["extensions"]["requestId"].is_string());
    assert!(!panicked.to_string().contains("as it was asked to"));

    socket
        .subscribe("h", "query Hangs { hangs }", json!({}))
        .await;
    assert_eq!(
        socket.next().await["payload"][0]["extensions"]["code"],
        "TIMEOUT"
    );

    let fails = "subscription Fails { failsAfter(count: 1) }";
    socket.subscribe("f", fails, json!({})).await;
    assert_eq!(socket.next().await["payload"]["data"]["failsAfter"], 1);
    let failed = socket.next().await;
    assert_eq!(failed["type"], "next", "{failed}");
    let code = &failed["payload"]["errors"][0]["extensions"]["code"];
    assert_eq!(code, "INTERNAL_SERVER_ERROR");
    assert_eq!(
        socket.next().await,
        json!({ "type": "complete", "id": "f" })
    );

    drop(socket);
    server.terminate();
    assert!(server.ended().await.success());
    let internal = "INTERNAL_SERVER_ERROR";
    assert_eq!(
        lines(&server),
        [
            ["query", "Panics", internal, internal].map(Value::from),
            ["query", "Hangs", "TIMEOUT", "TIMEOUT"].map(Value::from),
            ["subscription", "Fails", internal, internal].map(Value::from),
        ]
    );
}

#[tokio::test]
async fn a_completed_subscription_sends_nothing_more() {
    let mut server = server("[log]\nformat = \"json\"").await;
    let mut socket = Socket::open(&server, None).await;
    socket.subscribe("1", FOR_EVER, json!({})).await;
    assert_eq!(socket.next().await["payload"]["data"]["ticks"], 1);
    socket.complete("1").await;
    socket.complete("1").await;
    // Events on their way arrive before the answer to this ping, and none after it.
    socket.send(&json!({ "type": "ping" })).await;
    while socket.next().await["type"] != "pong" {}
    socket.subscribe("1", TICKS, json!({ "count": 2 })).await;
    for expected in [1, 2] {
        let next = socket.next().await;
        assert_eq!(next["payload"]["data"]["ticks"], expected, "{next}");
    }
    assert_eq!(socket.next().await["type"], "complete");
    drop(socket);
    server.terminate();
    assert!(server.ended().await.success());
    let ended = lines(&server);
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert_eq!(
        ended[0],
        ["subscription", "Ticks", "OK", ""].map(Value::from)
    );
}
