//! Operations over a socket: the GraphQL over WebSocket protocol, as client libraries use it.

mod closing;
mod commits;
mod limits;
mod operations;
mod slow_clients;

use serde_json::Value;
use support::{TestDatabase, TestServer};

const TICKS: &str = "subscription($count: Int) { ticks(every: 1, count: $count) }";
const FOR_EVER: &str = "subscription Ticks { ticks(every: 1) }";

async fn server(toml: &str) -> TestServer {
    TestServer::start(&TestDatabase::sqlite().await, toml).await
}

/// Returns operation, name, outcome and codes of each request in the log.
fn lines(server: &TestServer) -> Vec<[Value; 4]> {
    let written = server.written();
    let lines = written.lines().filter(|line| line.starts_with('{'));
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines = lines.filter(|line| line["message"] == "request");
    lines
        .map(|line| ["operation", "name", "outcome", "codes"].map(|key| line[key].clone()))
        .collect()
}
