//! Operations over a socket: the GraphQL over WebSocket protocol, as clients' libraries speak it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use api::node_id::NodeId as _;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use support::{
    EventStream, PROTOCOL, Program, Socket, TestApp, TestDatabase, TestServer, both, eventually,
    slow_line,
};
use tokio_tungstenite::tungstenite::{Error, Message};

const TICKS: &str = "subscription($count: Int) { ticks(every: 1, count: $count) }";
const FOR_EVER: &str = "subscription Ticks { ticks(every: 1) }";

async fn server(toml: &str) -> TestServer {
    TestServer::start(&TestDatabase::sqlite().await, toml).await
}

/// The operations of the lines in the log, and what came of them.
fn lines(server: &TestServer) -> Vec<[Value; 4]> {
    let written = server.written();
    let lines = written.lines().filter(|line| line.starts_with('{'));
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines = lines.filter(|line| line["message"] == "request");
    lines
        .map(|line| ["operation", "name", "outcome", "codes"].map(|key| line[key].clone()))
        .collect()
}

#[both]
async fn a_member_asks_and_changes_things_over_his_socket(app: TestApp) {
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

    // Libraries that can set headers may say there who asks; what stands in the message goes before it.
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
async fn operations_of_every_kind_share_a_socket() {
    let server = server("").await;
    let mut socket = Socket::open(&server, None).await;
    socket.subscribe("s", TICKS, json!({ "count": 3 })).await;
    socket
        .subscribe("q", "{ echo(text: \"hello\") }", json!({}))
        .await;
    let mut told = HashMap::<String, Vec<Value>>::new();
    while told
        .values()
        .flatten()
        .filter(|it| **it == "complete")
        .count()
        < 2
    {
        let message = socket.next().await;
        let entry = told
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
    assert_eq!(told["s"], [tick(1), tick(2), tick(3), json!("complete")]);
    assert_eq!(told["q"], [json!({ "echo": "hello" }), json!("complete")]);

    socket
        .send(&json!({ "type": "ping", "payload": { "at": 3 } }))
        .await;
    let pong = json!({ "type": "pong", "payload": { "at": 3 } });
    assert_eq!(socket.next().await, pong);
}

#[tokio::test]
async fn a_socket_is_closed_with_the_protocols_own_codes() {
    let server = server("[http]\nbody_limit_bytes = 2048").await;
    let init = json!({ "type": "connection_init" });
    let with_token =
        |token: &str| json!({ "type": "connection_init", "payload": { "Authorization": token } });
    let subscribe =
        |id: &str| json!({ "type": "subscribe", "id": id, "payload": { "query": FOR_EVER } });
    let text = |message: &Value| Message::text(message.to_string());
    let long = "x".repeat(256);
    for (said, code, reason) in [
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
        let shown = format!("{said:?}");
        for message in said {
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

    eventually("all are closed", async || {
        let metrics = server.get("/metrics").await.text().await.unwrap();
        metrics.contains("belay_sockets 0\n")
    })
    .await;
    let metrics = server.get("/metrics").await.text().await.unwrap();
    let line = "belay_sockets_closed_total{code=\"4400\"} 5";
    assert!(metrics.contains(line), "no {line} in {metrics}");
}

#[tokio::test]
async fn whoever_does_not_say_who_he_is_is_sent_away() {
    let server = server("[http]\nsocket_init_seconds = 1").await;
    let mut socket = Socket::connect(&server, &PROTOCOL).await.unwrap();
    let why = (4408, "Connection initialisation timeout".to_owned());
    assert_eq!(socket.closed().await, why);
}

#[tokio::test]
async fn what_is_refused_over_http_is_refused_here_with_the_same_code() {
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
    // None of them has hurt the socket.
    socket.subscribe("1", TICKS, json!({ "count": 1 })).await;
    assert_eq!(socket.next().await["payload"]["data"]["ticks"], 1);
}

#[tokio::test]
async fn an_operation_that_breaks_ends_alone_and_leaves_its_line() {
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
async fn a_client_that_wants_no_more_gets_no_more() {
    let mut server = server("[log]\nformat = \"json\"").await;
    let mut socket = Socket::open(&server, None).await;
    socket.subscribe("1", FOR_EVER, json!({})).await;
    assert_eq!(socket.next().await["payload"]["data"]["ticks"], 1);
    socket.complete("1").await;
    socket.complete("1").await;
    // Whatever was on its way comes before the answer to this, and nothing after it.
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

#[tokio::test]
async fn operations_and_sockets_have_a_bound() {
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
    eventually("the places are free", async || {
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
async fn a_socket_ends_with_its_token() {
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
    // This is promised in seconds.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(other.next().await["type"], "next");
}

#[both]
async fn what_was_begun_is_answered_before_the_socket_goes_away(database: TestDatabase) {
    let settings = "[http]\noperation_timeout_seconds = 3";
    let mut server = TestServer::start(&database, settings).await;
    let mut socket = Socket::open(&server, None).await;
    socket.subscribe("1", FOR_EVER, json!({})).await;
    assert_eq!(socket.next().await["id"], "1");
    socket.subscribe("2", "{ hangs }", json!({})).await;
    // What comes after it was taken after it.
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
async fn a_peer_who_does_not_read_makes_the_events_wait() {
    let server = server("").await;
    let mut socket = Socket::narrow(&server, None).await;
    let grown = server.peak_growth_from_here();
    let query = "subscription { floods(size: 20000) }";
    for id in 0..20 {
        socket.subscribe(&id.to_string(), query, json!({})).await;
    }
    // Gathered, what comes in this time would be gigabytes.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let grown = grown.bytes();
    assert!(grown < 64 << 20, "{grown} bytes more");

    // Now he reads: he is answered, and has missed nothing.
    socket.send(&json!({ "type": "ping" })).await;
    let mut last = HashMap::<String, u64>::new();
    loop {
        let message = socket.next().await;
        if message["type"] == "pong" {
            break;
        }
        let id = message["id"].as_str().unwrap().to_owned();
        let text = message["payload"]["data"]["floods"].as_str();
        let text = text.unwrap_or_else(|| panic!("{message}"));
        let number: u64 = text.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(last.insert(id, number).unwrap_or_default() + 1, number);
    }
}

#[tokio::test]
async fn a_slow_reader_is_waited_for_and_one_who_does_not_read_is_not() {
    let server = server("[http]\nsocket_ping_seconds = 2").await;
    // It takes five seconds to arrive; without any progress he would be given up after four.
    let line = slow_line(&server, 200_000).await;
    let mut slow = Socket::by_way_of(&line, &server).await;
    let mut absent = Socket::narrow(&server, None).await;
    let flood = "subscription { floods(size: 1000000) }";
    for socket in [&mut slow, &mut absent] {
        socket.subscribe("1", flood, json!({})).await;
    }
    let began = Instant::now();
    let message = slow.next().await;
    let text = message["payload"]["data"]["floods"].as_str();
    let text = text.unwrap_or_else(|| panic!("{message}"));
    assert!(text.len() > 1_000_000);
    assert!(
        began.elapsed() > Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    eventually("the other is given up", async || {
        let metrics = server.get("/metrics").await.text().await.unwrap();
        metrics.contains("belay_sockets_closed_total{code=\"reset\"} 1\n")
    })
    .await;
}

#[tokio::test]
async fn a_peer_who_says_nothing_is_asked_three_times_and_given_up() {
    let server = server("[http]\nsocket_ping_seconds = 1").await;
    let mut lively = Socket::open(&server, None).await;
    lively
        .subscribe(
            "1",
            "subscription { ticks(every: 100, count: 70) }",
            json!({}),
        )
        .await;
    let goes_on = async move { while lively.next().await["type"] != "complete" {} };

    let silent = async |pings: bool| {
        let mut socket = Socket::open(&server, None).await;
        let mut asked = 0;
        while let Some(message) = socket.silently().await {
            assert_eq!(message, json!({ "type": "ping" }));
            asked += 1;
            assert!(asked < 20, "he is never given up");
            // It says that there is a network, and nothing of the app.
            if pings {
                socket.tries_to_say(Message::Ping(Vec::new().into())).await;
            }
        }
        asked
    };
    let (asked, asked_with_pings, ()) = tokio::join!(silent(false), silent(true), goes_on);
    assert_eq!((asked, asked_with_pings), (3, 3));
}

#[tokio::test]
async fn variables_that_nobody_declared_are_not_kept() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), "").await;
    let mut socket = Socket::open(&server, Some(&mike)).await;
    let idle = "subscription { ticks(every: 600000) }";
    let junk = json!({ "junk": "x".repeat(1_000_000) });
    let mut begin = async |id: u32| {
        socket.subscribe(&id.to_string(), idle, junk.clone()).await;
        // What comes after it was taken after it.
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
async fn pings_of_a_peer_who_does_not_read_fill_no_memory() {
    let server = server("").await;
    let ping = json!({ "type": "ping", "payload": { "a": "x".repeat(900) } });
    let ping = Message::text(ping.to_string());
    let grown = server.peak_growth_from_here();
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let mut socket = Socket::narrow(&server, None).await;
        // Up to a thousand, or as many as are taken.
        let flood = async {
            for _ in 0..1000 {
                socket.say(ping.clone()).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(500), flood).await;
        sockets.push(socket);
    }
    let grown = grown.bytes();
    assert!(grown < 10 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn a_socket_spends_what_http_spends() {
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
            // A point a second comes back.
            assert!(requested > 1000, "{answer}");
            assert!(remaining <= before - requested + 200, "{answer}");
            before = remaining;
        }
    }
}

#[tokio::test]
async fn a_flood_of_refused_operations_ends_with_its_socket_and_makes_nobody_wait_for_long() {
    let poor = "[graphql.address_budget]\npoints = 20_000\nper_second = 1";
    let server = server(poor).await;
    let dear = "{ me { circles(first: 100) { nodes { members(first: 49) {
        edges { node { member { handle } again: member { handle } } } } } } } }";
    server.graphql(None, dear, json!({})).await;
    for flood in 0..3 {
        let mut socket = Socket::open(&server, None).await;
        let mut said = 0;
        let code = loop {
            let payload = json!({ "query": "{ no }" });
            let message = json!({ "type": "subscribe", "id": "1", "payload": payload });
            socket.send(&message).await;
            match socket.heard().await {
                Ok(_) => said += 1,
                Err(why) => break u16::from(why.expect("a reason").code),
            }
        };
        assert_eq!(code, 4429);
        // What was left in the purse, and the refusals after that.
        assert!(said <= 250, "flood {flood}: {said} answers");
        let answer = server.graphql(None, "{ __typename }", json!({})).await;
        let wait = &answer["errors"][0]["extensions"]["retryAfter"];
        assert!(wait.as_u64().unwrap() <= 20, "{answer}");
    }
}

#[tokio::test]
async fn an_operation_too_many_is_paid_for_and_fills_no_log() {
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

#[tokio::test]
async fn whoever_signs_out_is_told_so_before_his_socket_closes() {
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
        let mut told = Vec::new();
        while told.last() != Some(&json!("complete")) {
            let message = socket.next().await;
            if message["id"] == "last" {
                let errors = &message["payload"]["data"][field]["errors"];
                let is_done = *errors == json!([]);
                told.push(if is_done {
                    json!("done")
                } else {
                    message["type"].clone()
                });
            }
        }
        assert_eq!(told, ["done", "complete"]);
        let signed_out = (4403, "Signed out".to_owned());
        assert_eq!(socket.closed().await, signed_out);
    }
}

/// The service on a database that takes so many seconds for each commit of a check-in.
async fn with_slow_commits(seconds: u32) -> TestApp {
    let app = TestApp::in_the_present(TestDatabase::postgres().await).await;
    let slow = format!(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$;
        CREATE CONSTRAINT TRIGGER slow AFTER INSERT OR UPDATE ON check_in
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()"
    );
    app.app.db.pool().execute_unprepared(&slow).await.unwrap();
    app
}

const RECORDED: &str = "subscription { checkInRecorded { checkInId refetch } }";
const CHECK_IN: &str = "mutation($id: UUID!, $mood: Int!) {
    checkIn(input: { id: $id, mood: $mood }) { errors { code } } }";

#[tokio::test]
async fn what_follows_a_commit_that_took_too_long_is_not_lost() {
    let app = with_slow_commits(3).await;
    let mike = TestServer::token(app.member("mike").await);
    let settings = "[http]\noperation_timeout_seconds = 1";
    let server = TestServer::start(app.database(), settings).await;
    let mut tablet = Socket::open(&server, Some(&mike)).await;
    tablet.subscribe("1", RECORDED, json!({})).await;
    let id: uuid::Uuid = app.app.ids.next();
    let variables = json!({ "id": id, "mood": 1 });
    let answer = server.graphql(Some(&mike), CHECK_IN, variables).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT");
    for refetch in [true, false] {
        let heard = tablet.next().await["payload"]["data"]["checkInRecorded"].clone();
        assert_eq!(heard["refetch"], refetch, "{heard}");
    }
}

#[tokio::test]
async fn what_follows_a_commit_is_not_lost_with_whoever_waited_for_it() {
    let app = with_slow_commits(1).await;
    let database = app.app.db.pool();
    let mike = TestServer::token(app.member("mike").await);
    let server = TestServer::start(app.database(), "").await;
    let mut tablet = Socket::open(&server, Some(&mike)).await;
    tablet.subscribe("1", RECORDED, json!({})).await;
    let mut heard = async || tablet.next().await["payload"]["data"]["checkInRecorded"].clone();
    assert_eq!(heard().await["refetch"], true);

    let id: uuid::Uuid = app.app.ids.next();
    let commits = async || {
        eventually("the commit is under way", async || {
            let query = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'COMMIT'
                AND datname = current_database()";
            let found = database.query_one_raw(sea_orm::Statement::from_string(
                sea_orm::DbBackend::Postgres,
                query,
            ));
            found.await.unwrap().is_some()
        })
        .await;
    };
    let mut phone = Socket::open(&server, Some(&mike)).await;
    let variables = |mood: u32| json!({ "id": id, "mood": mood });
    phone.subscribe("1", CHECK_IN, variables(1)).await;
    commits().await;
    phone.complete("1").await;
    assert_eq!(heard().await["refetch"], false);

    phone.subscribe("2", CHECK_IN, variables(2)).await;
    commits().await;
    drop(phone);
    assert_eq!(heard().await["refetch"], false);

    tokio::select! {
        _ = server.graphql(Some(&mike), CHECK_IN, variables(3)) => panic!("it waits for the commit"),
        () = commits() => {}
    }
    assert_eq!(heard().await["refetch"], false);
}
