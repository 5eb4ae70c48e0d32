//! A client of GraphQL over server-sent events, for one operation.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::TestServer;

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// An answer that comes event by event.
pub struct EventStream {
    answer: Response,
    read: String,
}

impl EventStream {
    /// Asks for an operation's events.
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

    /// The next event, its name and its data; none at the end. Signs of life are passed over.
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
            let chunk = chunk.expect("the server says something").unwrap()?;
            self.read += std::str::from_utf8(&chunk).unwrap();
        }
    }

    /// The one field of the next event's data.
    pub async fn field(&mut self, name: &str) -> Value {
        let (_, data) = self.next().await.expect("an event");
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
