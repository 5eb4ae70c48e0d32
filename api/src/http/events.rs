//! `text/event-stream` on `/graphql`: the answers of one operation as server-sent events, for networks that
//! break sockets (GraphQL over SSE, distinct connections mode).

use std::convert::Infallible;
use std::time::{Duration, Instant};

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
use super::pulse::Pulse;
use super::refusal::Refusal;
use super::request_log::RequestLine;
use super::said::Said;
use super::taken::{Stall, Taken};
use super::viewer::Standing;

/// How often it is looked whether whoever listens may go on.
const TICK: Duration = Duration::from_secs(1);

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
pub fn answer(
    edge: &Edge,
    ready: Result<Ready, Refusal>,
    taken: Taken,
    line: RequestLine,
) -> Response<Body> {
    // One at a time: what has left this task is not looked at again.
    let (to, from) = mpsc::channel(1);
    let pulse = Pulse::of(&edge.app.config.http);
    let stall = Stall::new(taken, pulse.stalled());
    let mut teller = Teller {
        line,
        to,
        pulse,
        stall,
    };
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
        edge.places.of(ready.standing.viewer(), ready.address),
    );
    if matches!(places, (None, _) | (_, None)) {
        let message = "There are too many sockets and event streams.";
        return teller
            .refuse(Refusal::limited(message, teller.pulse.free_in()))
            .await;
    }
    let stats = teller.line.stats.clone();
    let told = teller.tell(&edge, ready.prepared, ready.standing);
    stats.scope(told).await;
}

/// Says what is said of one operation, and writes its line at the end.
struct Teller {
    line: RequestLine,
    to: mpsc::Sender<Bytes>,
    pulse: Pulse,
    stall: Stall,
}

impl Teller {
    async fn tell(&mut self, edge: &Edge, prepared: Prepared, standing: Standing) {
        let stop = edge.shutdown.stopping();
        // What has an end is answered as it would be without events, a sign-out included.
        let endless = prepared.kind == OperationType::Subscription;
        let lapsed = || endless && standing.check(&edge.app).is_err();
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
                    if lapsed() {
                        return self.refuse(Refusal::unauthenticated()).await;
                    }
                    if silent >= self.pulse.every() {
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
                self.send(COMPLETE.into(), &lapsed).await;
                return;
            };
            if lapsed() {
                return self.refuse(Refusal::unauthenticated()).await;
            }
            silent = Duration::ZERO;
            let said = Said::of(outcome, &mut self.line);
            let last = matches!(said, Said::Refused(_));
            if !self.next(&said, last, &lapsed).await || last {
                return;
            }
        }
    }

    async fn refuse(&mut self, refusal: Refusal) {
        let said = Said::of(Err(refusal), &mut self.line);
        self.next(&said, true, &|| false).await;
    }

    /// False when nobody listens any more, or whoever does may not go on.
    async fn next(&mut self, said: &Said, last: bool, lapsed: &(dyn Fn() -> bool + Sync)) -> bool {
        let end = if last { COMPLETE } else { "" };
        // JSON has no line breaks in it, which would begin another field.
        let text = format!("event: next\ndata: {}\n\n{end}", said.json());
        self.send(text, lapsed).await
    }

    async fn send(&mut self, text: String, lapsed: &(dyn Fn() -> bool + Sync)) -> bool {
        self.stall.over();
        loop {
            match tokio::time::timeout(TICK, self.to.reserve()).await {
                Ok(Ok(room)) => {
                    room.send(text.into());
                    return true;
                }
                Ok(Err(_)) => return false,
                Err(_) if lapsed() || self.stall.is_too_long(Instant::now()) => return false,
                Err(_) => {}
            }
        }
    }
}
