//! Traces for a collector: a span for each request, with its id and nothing of its text.

use serde_json::json;
use support::{Collector, Program, TestDatabase, TestServer, eventually};

fn serve(database: &TestDatabase, collector: &str) -> Program {
    let program = Program::new("serve").database(database);
    program.env("BELAY_LOG__OTLP_URL", collector)
}

#[tokio::test]
async fn a_collector_gets_a_span_for_each_request_with_its_id_alone() {
    let database = TestDatabase::sqlite().await;
    let collector = Collector::start().await;
    // Spans do not depend on what the log shows.
    let quiet = serve(&database, &collector.url()).env("BELAY_LOG__LEVEL", "error");
    let mut server = TestServer::run(quiet).await;
    let body = json!({ "query": "query Hello { hunter2: serverTime }" }).to_string();
    let answer = server.post("/graphql", "application/json", body).await;
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    server.terminate();
    assert!(server.ended().await.success());

    eventually("the span arrives", async || {
        collector.received().contains(&id)
    })
    .await;
    let received = collector.received();
    for part in ["belay", "request_id", "service.name"] {
        assert!(received.contains(part), "no {part} in {received}");
    }
    assert!(!received.contains("hunter2"), "{received}");
}

#[tokio::test]
async fn a_collector_that_is_away_keeps_no_answer_and_no_end_waiting() {
    let database = TestDatabase::sqlite().await;
    let mut server = TestServer::run(serve(&database, "http://127.0.0.1:1")).await;
    let answer = server.graphql(None, "{ serverTime }", json!({})).await;
    assert!(answer["data"]["serverTime"].is_string(), "{answer}");
    server.terminate();
    assert!(server.ended().await.success(), "{}", server.written());
}
