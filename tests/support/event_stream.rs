//! A client for one GraphQL operation over server-sent events.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::TestServer;

/// The limit of each wait. It is long, because the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// An open event stream.
pub struct EventStream {
    answer: Response,
    read: String,
}

impl EventStream {
    /// Starts an operation and opens its event stream.
    pub async fn open(server: &TestServer, token: Option<&str>, query: &str) -> Self {
        let mut request = server
            .request(Method::POST, "/graphql")
            .header("accept", "text/event-stream")
            .json(&json!({ "query": query }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let read = String::new();
        Self { answer, read }
    }

    /// Returns the next event's name and data, or `None` at the end of the stream. Skips keepalives.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                if event != ":" {
                    return Some(parse(&event));
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await;
            let chunk = chunk.expect("the server sends data in time").unwrap()?;
            self.read += std::str::from_utf8(&chunk).unwrap();
        }
    }

    /// Returns this field of the next event's data.
    pub async fn field(&mut self, name: &str) -> Value {
        let (_, data) = self.next().await.expect("an event comes before the end");
        assert!(data.get("errors").is_none(), "{data}");
        data["data"][name].clone()
    }
}

fn parse(event: &str) -> (String, Value) {
    let (name, data) = event.split_once('\n').unwrap();
    let name = name.strip_prefix("event: ").unwrap();
    let data = data.strip_prefix("data:").unwrap().trim();
    let data = if data.is_empty() { "null" } else { data };
    (name.to_owned(), serde_json::from_str(data).unwrap())
}
