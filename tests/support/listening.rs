//! A member's device that listens.

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

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a subscription answers.
pub struct Listening(Pin<Box<Peekable<BoxStream<'static, Response>>>>);

impl TestApp {
    /// A member's device listens from now on.
    pub fn listen(&self, who: SignedIn, document: &str) -> Listening {
        Listening::begin(&self.schema, Viewer::Member(who), document)
    }
}

impl Listening {
    /// Somebody listens to the processes that this schema belongs to, from now on. What everybody hears first, that he is
    /// to read anew, he has heard.
    pub fn begin(schema: &BelaySchema, who: Viewer, document: &str) -> Self {
        let mut listening = Self::unheard(schema, who, document);
        let first = listening.0.as_mut().peek().now_or_never().flatten();
        if first.is_some_and(|answer| answer.errors.is_empty()) {
            let _ = listening.0.next().now_or_never();
        }
        listening
    }

    /// As [`Listening::begin`], with everything still to be heard.
    pub fn unheard(schema: &BelaySchema, who: Viewer, document: &str) -> Self {
        let stream = schema.execute_stream(request(who, HOME, document, json!({})));
        let mut stream = Box::pin(stream.peekable());
        // Nothing is heard before it has been asked for once.
        let _ = stream.as_mut().peek().now_or_never();
        Self(stream)
    }

    /// What there is to hear without waiting: the one field of each answer.
    pub fn heard(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.0.next().now_or_never().flatten())
            .map(field)
            .collect()
    }

    /// The next answer's one field; waits for it.
    pub async fn next(&mut self) -> Value {
        field(self.answer().await.expect("a stream that goes on"))
    }

    /// The code of the one error it ends with.
    pub async fn refused(&mut self) -> Value {
        let answer = self.answer().await.expect("an error before the end");
        assert_eq!(answer.errors.len(), 1, "{:?}", answer.errors);
        let error = serde_json::to_value(&answer.errors[0]).expect("an error is JSON");
        assert!(self.answer().await.is_none(), "it goes on after {error}");
        error["extensions"]["code"].clone()
    }

    async fn answer(&mut self) -> Option<Response> {
        let waited = tokio::time::timeout(PATIENCE, self.0.next()).await;
        waited.expect("there is something to hear")
    }
}

fn field(answer: Response) -> Value {
    assert!(answer.errors.is_empty(), "{:?}", answer.errors);
    let data = answer.data.into_json().expect("data is JSON");
    let fields = data.as_object().expect("an object");
    assert_eq!(fields.len(), 1, "{data}");
    fields.values().next().cloned().unwrap_or_default()
}
