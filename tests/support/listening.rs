//! A member's device with a subscription.

use std::pin::Pin;
use std::time::Duration;

use api::schema::BelaySchema;
use api::viewer::{SignedIn, Viewer};
use async_graphql::Response;
use futures::FutureExt as _;
use futures::stream::{BoxStream, Peekable, StreamExt as _};
use serde_json::{Value, json};

use crate::TestApp;
use crate::app::{HOME, request};

/// The limit of each wait. It is long, because the machine may be busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// An open subscription.
pub struct Listening(Pin<Box<Peekable<BoxStream<'static, Response>>>>);

impl TestApp {
    /// Subscribes a member's device.
    pub fn listen(&self, who: SignedIn, document: &str) -> Listening {
        Listening::begin(&self.schema, Viewer::Member(who), document)
    }
}

impl Listening {
    /// Subscribes to the process of this schema. Consumes the first answer, which tells every client to load its data
    /// anew.
    pub fn begin(schema: &BelaySchema, who: Viewer, document: &str) -> Self {
        let mut listening = Self::unheard(schema, who, document);
        let first = listening.0.as_mut().peek().now_or_never().flatten();
        if first.is_some_and(|answer| answer.errors.is_empty()) {
            let _ = listening.0.next().now_or_never();
        }
        listening
    }

    /// Like [`Listening::begin`], but keeps the first answer.
    pub fn unheard(schema: &BelaySchema, who: Viewer, document: &str) -> Self {
        let stream = schema.execute_stream(request(who, HOME, document, json!({})));
        let mut stream = Box::pin(stream.peekable());
        // The subscription starts when the stream is polled for the first time.
        let _ = stream.as_mut().peek().now_or_never();
        Self(stream)
    }

    /// Returns the only field of each answer that has arrived. Does not wait.
    pub fn heard(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.0.next().now_or_never().flatten())
            .map(field)
            .collect()
    }

    /// Waits for the next answer. Returns its only field.
    pub async fn next(&mut self) -> Value {
        field(self.answer().await.expect("an answer comes before the end"))
    }

    /// Waits until the stream ends with an error. Returns the code of that error.
    pub async fn refused(&mut self) -> Value {
        let answer = self.answer().await.expect("an error comes before the end");
        assert_eq!(answer.errors.len(), 1, "{:?}", answer.errors);
        let error = serde_json::to_value(&answer.errors[0]).expect("an error is JSON");
        assert!(
            self.answer().await.is_none(),
            "the stream continues after {error}"
        );
        error["extensions"]["code"].clone()
    }

    async fn answer(&mut self) -> Option<Response> {
        let waited = tokio::time::timeout(PATIENCE, self.0.next()).await;
        waited.expect("an answer comes in time")
    }
}

fn field(answer: Response) -> Value {
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    let data = answer.data.into_json().expect("data is JSON");
    let fields = data.as_object().expect("data is an object");
    assert_eq!(fields.len(), 1, "{data}");
    fields.values().next().cloned().unwrap_or_default()
}
