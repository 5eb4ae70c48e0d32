//! Answers as server-sent events, for networks that break sockets.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use support::{TestApp, TestDatabase, TestServer, eventually};

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);
const EVENTS: &str = "text/event-stream";
/// As urql sends it.
const BOTH: &str = "application/graphql-response+json, application/json, text/event-stream";

async fn server() -> TestServer {
    TestServer::start(&TestDatabase::sqlite().await, "").await
}

async fn post(server: &TestServer, accept: &str, token: Option<&str>, query: &str) -> Response {
    let client = reqwest::Client::new();
    let mut request = client
        .post(server.url("/graphql"))
        .header("accept", accept)
        .json(&json!({ "query": query }));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap()
}

/// Every event of an answer that ends: its name and its data.
async fn events(answer: Response) -> Vec<(String, Value)> {
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let read = tokio::time::timeout(PATIENCE, answer.text()).await;
    parse(&read.expect("a stream that ends").unwrap())
}

fn parse(text: &str) -> Vec<(String, Value)> {
    let events = text
        .split("\n\n")
        .filter(|event| !event.is_empty() && *event != ":");
    let events = events.map(|event| {
        let (name, data) = event.split_once('\n').unwrap();
        let name = name.strip_prefix("event: ").unwrap();
        let data = data.strip_prefix("data:").unwrap().trim();
        let data = if data.is_empty() { "null" } else { data };
        (name.to_owned(), serde_json::from_str(data).unwrap())
    });
    events.collect()
}

fn complete() -> (String, Value) {
    ("complete".to_owned(), Value::Null)
}

/// The code of a refusal: one event, and then the end.
fn refused(events: &[(String, Value)]) -> &str {
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!((&*events[0].0, &events[1]), ("next", &complete()));
    assert!(events[0].1.get("data").is_none(), "{events:?}");
    events[0].1["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap()
}

#[tokio::test]
async fn a_subscription_is_answered_event_by_event() {
    let server = server().await;
    for accept in [EVENTS, BOTH] {
        let answer = post(
            &server,
            accept,
            None,
            "subscription { ticks(every: 1, count: 3) }",
        );
        let answer = answer.await;
        let headers = answer.headers().clone();
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-accel-buffering"], "no");
        let received = events(answer).await;
        let ticks: Vec<&Value> = received
            .iter()
            .map(|(_, data)| &data["data"]["ticks"])
            .collect();
        assert_eq!(ticks, [&json!(1), &json!(2), &json!(3), &Value::Null]);
        assert_eq!(received[3], complete());
    }
    let query = "/graphql?query=subscription{ticks(every:1,count:1)}";
    let by_get = reqwest::Client::new().get(server.url(query));
    let by_get = by_get
        .header("accept", EVENTS)
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    // Compression would hold small events back.
    assert!(!by_get.headers().contains_key("content-encoding"));
    assert_eq!(events(by_get).await[0].1["data"]["ticks"], 1);
}

#[tokio::test]
async fn a_client_that_accepts_only_events_gets_every_answer_as_events() {
    let server = server().await;
    let received = events(post(&server, EVENTS, None, "{ echo(text: \"a\\nb\") }").await).await;
    assert_eq!(received[0].1["data"]["echo"], "a\nb");
    assert_eq!(received[1..], [complete()]);
    let whole = post(&server, BOTH, None, "{ echo(text: \"a\") }").await;
    let kind = whole.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(
        kind.starts_with("application/graphql-response+json"),
        "{kind}"
    );
    assert_eq!(whole.json::<Value>().await.unwrap()["data"]["echo"], "a");
    let without = post(
        &server,
        "application/json",
        None,
        "subscription { ticks(every: 1) }",
    );
    let without: Value = without.await.json().await.unwrap();
    assert_eq!(without["errors"][0]["extensions"]["code"], "BAD_REQUEST");
}

#[tokio::test]
async fn a_refusal_is_an_event_and_not_a_network_error() {
    let server = server().await;
    for (query, token, code) in [
        ("{ serverTime", None, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
        (
            "subscription { nothing }",
            None,
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ serverTime }", Some("stale"), "UNAUTHENTICATED"),
        ("{ panics }", None, "INTERNAL_SERVER_ERROR"),
    ] {
        let received = events(post(&server, EVENTS, token, query).await).await;
        assert_eq!(refused(&received), code, "{query}");
    }
    // HTTP errors are answered with HTTP statuses.
    let client = reqwest::Client::new();
    let mutation = server.url("/graphql?query=mutation{signOut{__typename}}");
    let by_get = client
        .get(mutation)
        .header("accept", EVENTS)
        .send()
        .await
        .unwrap();
    assert_eq!(by_get.status(), 405);
    let form = client.post(server.url("/graphql")).header("accept", EVENTS);
    assert_eq!(form.body("query={a}").send().await.unwrap().status(), 415);
}

#[tokio::test]
async fn a_stream_ends_with_its_token_or_its_session() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let (mike, sam) = (app.member("mike").await, app.member("sam").await);
    let [mike, sam] = [mike, sam].map(TestServer::token);
    let server = TestServer::start(app.database(), "").await;
    let slow = "subscription { ticks(every: 600000) }";
    let signs_out = post(&server, EVENTS, Some(&mike), slow).await;
    let expires = post(&server, EVENTS, Some(&sam), slow).await;
    let leave = "mutation { signOut { errors { __typename } } }";
    server.graphql(Some(&mike), leave, json!({})).await;
    assert_eq!(refused(&events(signs_out).await), "UNAUTHENTICATED");
    let journey = json!({ "advance": { "minutes": 11 } }).to_string();
    server.post("/dev/clock", "application/json", journey).await;
    assert_eq!(refused(&events(expires).await), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_stream_of_a_terminated_server_ends_without_completion() {
    let mut server = server().await;
    let mut answer = post(&server, EVENTS, None, "subscription { ticks(every: 1) }").await;
    let mut text = String::new();
    let mut terminated = false;
    while let Some(chunk) = answer.chunk().await.unwrap() {
        text += std::str::from_utf8(&chunk).unwrap();
        if !terminated {
            server.terminate();
            terminated = true;
        }
    }
    // Without the last event the client connects again.
    assert!(text.starts_with("event: next\n") && !text.contains("event: complete"));
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn event_streams_count_towards_the_limit_of_sockets() {
    let database = TestDatabase::sqlite().await;
    let server = TestServer::start(&database, "[http]\nsockets_per_address = 1").await;
    let ticks = "subscription Ticks { ticks(every: 1) }";
    let mut first = post(&server, EVENTS, None, ticks).await;
    assert!(first.chunk().await.unwrap().is_some());
    let received = events(post(&server, EVENTS, None, ticks).await).await;
    assert_eq!(refused(&received), "RATE_LIMITED");
    assert_eq!(received[0].1["errors"][0]["extensions"]["retryAfter"], 60);
    drop(first);
    eventually("the place is free", async || {
        let once = "subscription { ticks(every: 1, count: 1) }";
        events(post(&server, EVENTS, None, once).await).await[0].1["errors"].is_null()
    })
    .await;
    eventually("its line is in the log", async || {
        let log = server.written();
        log.lines()
            .any(|line| line.contains("name=\"Ticks\"") && line.contains("outcome=\"OK\""))
    })
    .await;
}

#[tokio::test]
async fn signing_out_over_a_stream_is_answered() {
    let app = TestApp::in_the_present(TestDatabase::sqlite().await).await;
    let server = TestServer::start(app.database(), "").await;
    let mike = TestServer::token(app.member("mike").await);
    let sign_out = "mutation { signOut { errors { code } } }";
    let received = events(post(&server, EVENTS, Some(&mike), sign_out).await).await;
    assert_eq!(received[0].1["data"]["signOut"]["errors"], json!([]));
    assert_eq!(received[1..], [complete()]);
    let received = events(post(&server, EVENTS, Some(&mike), sign_out).await).await;
    assert_eq!(refused(&received), "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_idle_stream_sends_keep_alives() {
    let database = TestDatabase::sqlite().await;
    let server = TestServer::start(&database, "[http]\nsocket_ping_seconds = 1").await;
    let mut answer = post(
        &server,
        EVENTS,
        None,
        "subscription { ticks(every: 600000) }",
    )
    .await;
    for _ in 0..2 {
        let sign = tokio::time::timeout(PATIENCE, answer.chunk()).await;
        assert_eq!(sign.unwrap().unwrap().unwrap(), ":\n\n");
    }
}
