//! Hostile requests: they are refused, and cost about as much as a friendly request.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use reqwest::{Body, Method};
use serde_json::{Value, json};
use support::{Socket, TestApp, TestServer, both};
use tokio_tungstenite::tungstenite::Message;

/// The growth of memory that a friendly request may cause as well.
const GROWTH: u64 = 20 * 1024 * 1024;

/// How often each request is sent, so that its cost can be measured.
const REQUESTS: u32 = 10;

/// The most time that the fastest of these refusals may take.
const AT_BEST: Duration = Duration::from_millis(50);

/// What an app asks when it is opened.
const HOME: &str = "query Home { me { memberId progress { daysShownUp }
    checkIns(first: 7) { nodes { localDate mood } }
    nextMeetings(first: 3) { nodes { startsAt meeting { title } } }
    circles(first: 5) { nodes { name memberCount } }
    notifications(first: 10) { nodes { kind readAt } } } }";

/// Hostile documents, each with a description and the code of its refusal.
pub fn documents() -> Vec<(String, String, &'static str)> {
    let mut all = Vec::new();
    let mut add = |what: &str, document: String, code| all.push((what.to_owned(), document, code));
    for levels in [22, 26] {
        let mut bomb = "{ ...f0 }".to_owned();
        for level in 0..levels {
            let next = level + 1;
            let _ = write!(bomb, "fragment f{level} on Query{{...f{next} ...f{next}}}");
        }
        let _ = write!(bomb, "fragment f{levels} on Query{{__typename}}");
        add(
            &format!("{levels} doubling levels"),
            bomb,
            "QUERY_TOO_COMPLEX",
        );
    }
    let mut wide = "{ ...f0 }".to_owned();
    for level in 0..5 {
        let spreads = format!("...f{} ", level + 1).repeat(20);
        let _ = write!(wide, "fragment f{level} on Query{{{spreads}}}");
    }
    wide += "fragment f5 on Query{__typename}";
    add("5 levels of 20 spreads", wide, "QUERY_TOO_COMPLEX");
    for (what, many) in [
        ("10,000 aliases", 10_000),
        ("aliases of an allowed length", 1_900),
    ] {
        let mut document = "{".to_owned();
        for n in 0..many {
            let _ = write!(document, "a{n}:__typename ");
        }
        add(what, document + "}", "QUERY_TOO_COMPLEX");
    }
    let directives = "@no".repeat(20_000);
    add(
        "20,000 directives",
        format!("{{__typename {directives}}}"),
        "QUERY_TOO_COMPLEX",
    );
    let some = "@no".repeat(3_900);
    add(
        "directives of an allowed length",
        format!("{{__typename {some}}}"),
        "QUERY_TOO_COMPLEX",
    );
    let fields = "a ".repeat(3_900);
    add(
        "fields of an allowed length",
        format!("{{{fields}}}"),
        "QUERY_TOO_COMPLEX",
    );
    for levels in [200, 16_000] {
        let deep = format!("{}__typename{}", "{a".repeat(levels), "}".repeat(levels));
        add(
            &format!("{levels} levels of fields"),
            deep,
            "QUERY_TOO_COMPLEX",
        );
    }
    let lists = format!(
        "{{echo(text:{}1{})}}",
        "[".repeat(15_000),
        "]".repeat(15_000)
    );
    add("lists in lists", lists, "QUERY_TOO_COMPLEX");
    add(
        "a fragment that spreads itself",
        "{...f} fragment f on Query{...f}".to_owned(),
        "GRAPHQL_VALIDATION_FAILED",
    );
    let pages = "{ me { circles(first: 100) { nodes { members(first: 100) { nodes { member { handle } } } } } } }";
    add("pages in pages", pages.to_owned(), "QUERY_TOO_COMPLEX");
    all
}

/// Variables that are small in the request and large once they are parsed, each with a description.
fn variables() -> Vec<(&'static str, String)> {
    vec![
        (
            "half a million numbers",
            format!("[{}1]", "1,".repeat(500_000)),
        ),
        (
            "lists without end",
            format!("[{}]", "[],".repeat(300_000) + "[]"),
        ),
        (
            "objects",
            format!("[{}{{}}]", "{\"a\":{}},".repeat(100_000)),
        ),
    ]
}

#[both]
async fn hostile_requests_are_refused_at_low_cost(app: TestApp) {
    let mike = app.member("mike").await;
    let token = TestServer::token(mike);
    let server = TestServer::start(app.database(), "").await;
    let ask = async |token: Option<&str>, body: Body| {
        let mut request = server.request(Method::POST, "/graphql");
        request = request
            .header("content-type", "application/json")
            .body(body);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let fair = price_of_home(&server, &token).await;
    let mut hostile: Vec<_> = documents()
        .into_iter()
        .map(|(what, document, code)| (what, json!({ "query": document }).to_string(), code))
        .collect();
    let batch = vec![json!({ "query": "{ __typename }" }); 1_000];
    hostile.push((
        "a batch of 1,000".to_owned(),
        json!(batch).to_string(),
        "BAD_REQUEST",
    ));
    hostile.push((
        "12 MB".to_owned(),
        format!("{{\"query\":\"{}\"}}", "x".repeat(12_000_000)),
        "BAD_REQUEST",
    ));
    for (what, list) in variables() {
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let body = format!("{{\"query\":\"{query}\",\"variables\":{{\"ids\":{list}}}}}");
        hostile.push((what.to_owned(), body, "BAD_REQUEST"));
    }
    for (what, body, code) in hostile {
        for token in [None, Some(token.as_str())] {
            // A request of this size by a stranger is not even read.
            let is_unread = token.is_none() && body.len() > 128 * 1024;
            let code = if is_unread { "BAD_REQUEST" } else { code };
            let before = server.cpu_ticks();
            let mut best = Duration::MAX;
            for _ in 0..REQUESTS {
                let grown = server.peak_growth_from_here();
                let body = body.clone().into();
                let began = Instant::now();
                let (status, answer) = ask(token, body).await;
                best = best.min(began.elapsed());
                assert!(matches!(status, 200 | 400 | 413), "{what}: {status}");
                assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{what}");
                assert!(answer.get("data").is_none(), "{what}");
                let grown = grown.bytes();
                assert!(grown < GROWTH, "{what}: {grown} bytes");
            }
            assert!(best < AT_BEST, "{what}: {best:?} at best");
            let spent = server.cpu_ticks() - before;
            // A tick is ten milliseconds, so the count for ten requests may be off by one or two.
            assert!(
                spent <= 3 * fair + 5,
                "{what}: {spent} ticks, the home screen {fair}"
            );
        }
    }
}

/// The processor ticks that answering the home screen `REQUESTS` times takes. Each document has another comment, so
/// that it is new.
async fn price_of_home(server: &TestServer, token: &str) -> u64 {
    let mut before = 0;
    for round in 0..2 {
        before = server.cpu_ticks();
        for request in 0..REQUESTS {
            let home = format!("# {round} {request}\n{HOME}");
            let answer = server.graphql(Some(token), &home, json!({})).await;
            assert!(answer["data"]["me"]["memberId"].is_string(), "{answer}");
        }
    }
    server.cpu_ticks() - before
}

#[both]
async fn hostile_messages_on_a_socket_are_refused_at_low_cost(app: TestApp) {
    let mike = app.member("mike").await;
    let token = TestServer::token(mike);
    let server = TestServer::start(app.database(), "").await;
    let fair = price_of_home(&server, &token).await;
    for token in [None, Some(token.as_str())] {
        let mut socket = Socket::open(&server, token).await;
        for (what, document, code) in documents() {
            if token.is_none() && document.len() > 120 * 1024 {
                // A request of this size by a stranger is not even read.
                let other = Socket::open(&server, None).await;
                other.overwhelm(&document).await;
                continue;
            }
            let before = server.cpu_ticks();
            let mut best = Duration::MAX;
            for _ in 0..REQUESTS {
                let grown = server.peak_growth_from_here();
                let began = Instant::now();
                socket.subscribe("hostile", &document, json!({})).await;
                let answer = socket.next().await;
                best = best.min(began.elapsed());
                assert_eq!(answer["type"], "error", "{what}");
                assert_eq!(answer["payload"][0]["extensions"]["code"], code, "{what}");
                let grown = grown.bytes();
                assert!(grown < GROWTH, "{what}: {grown} bytes");
            }
            assert!(best < AT_BEST, "{what}: {best:?} at best");
            let spent = server.cpu_ticks() - before;
            assert!(
                spent <= 2 * fair + 5,
                "{what}: {spent} ticks, the home screen {fair}"
            );
        }
        // A message over the limit closes the socket.
        let other = Socket::open(&server, token).await;
        let grown = server.peak_growth_from_here();
        let large = format!("{{ echo(text: \"{}\") }}", "x".repeat(12_000_000));
        other.overwhelm(&large).await;
        assert!(grown.bytes() < GROWTH, "{} bytes", grown.bytes());
        for (what, list) in variables() {
            let mut best = Duration::MAX;
            for _ in 0..REQUESTS {
                let mut other = Socket::open(&server, token).await;
                let message = format!(
                    "{{\"type\":\"subscribe\",\"id\":\"1\",\"payload\":{{\"query\":\"{{ a }}\",\
                     \"variables\":{{\"ids\":{list}}}}}}}"
                );
                let grown = server.peak_growth_from_here();
                let began = Instant::now();
                other.say(Message::text(message)).await;
                assert_eq!(other.closed().await.0, 4400, "{what}");
                best = best.min(began.elapsed());
                assert!(grown.bytes() < GROWTH, "{what}: {} bytes", grown.bytes());
            }
            assert!(best < AT_BEST, "{what}: {best:?} at best");
        }
        let mut batch = Socket::open(&server, token).await;
        let operations = vec![json!({ "type": "subscribe", "id": "1", "payload": {} }); 1_000];
        batch.send(&json!(operations)).await;
        assert_eq!(batch.closed().await.0, 4400);
        socket.subscribe("1", "{ serverTime }", json!({})).await;
        assert_eq!(socket.next().await["type"], "next");
    }
}
