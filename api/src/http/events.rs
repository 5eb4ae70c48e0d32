//! `text/event-stream` on `/graphql`: the answers of one operation as server-sent events, for networks that
//! break sockets (GraphQL over SSE, distinct connections mode).

use std::convert::Infallible;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use http::{HeaderName, HeaderValue, Response};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::Edge;
use super::graphql::Ready;
use super::operation::Prepared;
use super::places::FREE_IN;
use super::refusal::Refusal;
use super::request_log::RequestLine;
use super::said::Said;
use super::viewer::Standing;

/// Proxies close what is silent for a minute, and some for less.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often it is looked whether whoever listens may go on.
const TICK: Duration = Duration::from_secs(1);
/// A peer who takes nothing for so long is given up.
const STALLED: Duration = Duration::from_secs(30);

/// Ends a stream for good: without it the client comes back.
const COMPLETE: &str = "event: complete\ndata:\n\n";

const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
    (VARY, "accept"),
    // Otherwise nginx gathers events until there is enough of them.
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Answers with events: those of an operation, or the one that says why there is none.
pub fn answer(edge: &Edge, ready: Result<Ready, Refusal>, line: RequestLine) -> Response<Body> {
    // One at a time: what has left this task is not looked at again.
    let (to, from) = mpsc::channel(1);
    let mut teller = Teller { line, to };
    let edge_of_task = edge.clone();
    edge.shutdown.spawn(async move {
        match ready {
            Ok(ready) => follow(edge_of_task, ready, teller).await,
            Err(refusal) => teller.refuse(refusal).await,
        }
    });
    let events = stream::unfold(from, |mut from| async move {
        let event: Bytes = from.recv().await?;
        Some((Ok::<_, Infallible>(event), from))
    });
    let mut response = Response::new(Body::from_stream(events));
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

/// Tells what comes, while there is a place for this stream.
async fn follow(edge: Edge, ready: Ready, mut teller: Teller) {
    let places = (
        edge.places.of_address(ready.address),
        ready
            .standing
            .viewer()
            .member()
            .map(|id| edge.places.of_member(id)),
    );
    if matches!(places, (None, _) | (_, Some(None))) {
        let message = "There are too many sockets and event streams.";
        return teller.refuse(Refusal::limited(message, FREE_IN)).await;
    }
    let stats = teller.line.stats.clone();
    let told = teller.tell(&edge, ready.prepared, ready.standing);
    stats.scope(told).await;
}

/// Says what is said of one operation, and writes its line at the end.
struct Teller {
    line: RequestLine,
    to: mpsc::Sender<Bytes>,
}

impl Teller {
    async fn tell(&mut self, edge: &Edge, prepared: Prepared, standing: Standing) {
        let stop = edge.shutdown.stopping();
        let endless = prepared.kind == OperationType::Subscription;
        let mut answers = edge.answers(prepared, &self.line.stats);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut silent = Duration::ZERO;
        loop {
            let outcome = tokio::select! {
                biased;
                () = self.to.closed() => return,
                // Without the last event: the client comes back, to another process.
                () = stop.cancelled(), if endless => return,
                outcome = answers.next() => outcome,
                _ = tick.tick() => {
                    silent += TICK;
                    if standing.check(&edge.app).is_err() {
                        return self.refuse(Refusal::unauthenticated()).await;
                    }
                    if silent >= HEARTBEAT {
                        silent = Duration::ZERO;
                        // A peer who has not read the last event needs no sign of life.
                        if let Err(TrySendError::Closed(_)) = self.to.try_send(":\n\n".into()) {
                            return;
                        }
                    }
                    continue;
                }
            };
            let Some(outcome) = outcome else {
                self.send(COMPLETE.into()).await;
                return;
            };
            if standing.check(&edge.app).is_err() {
                return self.refuse(Refusal::unauthenticated()).await;
            }
            silent = Duration::ZERO;
            let said = Said::of(outcome, &mut self.line);
            let last = matches!(said, Said::Refused(_));
            if !self.next(&said, last).await || last {
                return;
            }
        }
    }

    async fn refuse(&mut self, refusal: Refusal) {
        let said = Said::of(Err(refusal), &mut self.line);
        self.next(&said, true).await;
    }

    /// False when nobody listens any more.
    async fn next(&self, said: &Said, last: bool) -> bool {
        let end = if last { COMPLETE } else { "" };
        // JSON has no line breaks in it, which would begin another field.
        self.send(format!("event: next\ndata: {}\n\n{end}", said.json()))
            .await
    }

    async fn send(&self, text: String) -> bool {
        let sent = tokio::time::timeout(STALLED, self.to.send(text.into()));
        matches!(sent.await, Ok(Ok(())))
    }
}
