//! `text/event-stream` on `/graphql`: the answers of one operation as server-sent events, for networks that break
//! sockets (GraphQL over SSE, distinct connections mode).

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

use super::HttpState;
use super::graphql::Ready;
use super::keepalive::Keepalive;
use super::operation::Prepared;
use super::refusal::Refusal;
use super::reply::Reply;
use super::request_log::RequestLine;
use super::viewer::Credential;
use super::write_progress::{Stall, WriteProgress};

/// How often a stream checks whether its caller is still signed in.
const TICK: Duration = Duration::from_secs(1);

/// Ends a stream for good. Without it the client reconnects.
const COMPLETE: &str = "event: complete\ndata:\n\n";

const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
    (VARY, "accept"),
    // Without it nginx buffers events.
    (HeaderName::from_static("x-accel-buffering"), "no"),
];

/// Answers with the events of an operation, or with one event that carries the refusal.
pub fn answer(
    state: &HttpState,
    ready: Result<Ready, Refusal>,
    progress: WriteProgress,
    line: RequestLine,
) -> Response<Body> {
    // A queue of one: an event that has left the task is not checked against the caller's session again.
    let (to, from) = mpsc::channel(1);
    let keepalive = Keepalive::of(&state.app.config.http);
    let stall = Stall::new(progress, keepalive.stalled());
    let mut teller = Teller {
        line,
        to,
        keepalive,
        stall,
    };
    let state_of_task = state.clone();
    state.shutdown.spawn(async move {
        match ready {
            Ok(ready) => follow(state_of_task, ready, teller).await,
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

/// Streams the answers, if the address and the caller have a slot left.
async fn follow(state: HttpState, ready: Ready, mut teller: Teller) {
    let slots = (
        state.connection_limits.of_address(ready.address),
        state
            .connection_limits
            .of(ready.credential.viewer(), ready.address),
    );
    if matches!(slots, (None, _) | (_, None)) {
        let message = "There are too many sockets and event streams.";
        return teller
            .refuse(Refusal::limited(message, teller.keepalive.free_in()))
            .await;
    }
    let counts = teller.line.stats.clone();
    let writing = teller.tell(&state, ready.prepared, ready.credential);
    counts.scope(writing).await;
}

/// Writes the answers of one operation, and its log line at the end.
struct Teller {
    line: RequestLine,
    to: mpsc::Sender<Bytes>,
    keepalive: Keepalive,
    stall: Stall,
}

impl Teller {
    async fn tell(&mut self, state: &HttpState, prepared: Prepared, credential: Credential) {
        let stop = state.shutdown.stopping();
        // Operations that end by themselves are answered as they would be without events, including a sign-out.
        let endless = prepared.kind == OperationType::Subscription;
        let lapsed = || endless && credential.check(&state.app).is_err();
        let mut answers = state.answers(prepared, &self.line.stats);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut silent = Duration::ZERO;
        loop {
            let outcome = tokio::select! {
                biased;
                () = self.to.closed() => return,
                // Without the last event, so that the client reconnects to another process.
                () = stop.cancelled(), if endless => return,
                outcome = answers.next() => outcome,
                _ = tick.tick() => {
                    silent += TICK;
                    if lapsed() {
                        return self.refuse(Refusal::unauthenticated()).await;
                    }
                    if silent >= self.keepalive.every() {
                        silent = Duration::ZERO;
                        // A peer that has not read the last event needs no keepalive.
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
            let reply = Reply::of(outcome, &mut self.line);
            let last = matches!(reply, Reply::Refused(_));
            if !self.next(&reply, last, &lapsed).await || last {
                return;
            }
        }
    }

    async fn refuse(&mut self, refusal: Refusal) {
        let reply = Reply::of(Err(refusal), &mut self.line);
        self.next(&reply, true, &|| false).await;
    }

    /// Sends one answer. Returns false if the client is gone or may not go on.
    async fn next(
        &mut self,
        reply: &Reply,
        last: bool,
        lapsed: &(dyn Fn() -> bool + Sync),
    ) -> bool {
        let end = if last { COMPLETE } else { "" };
        // JSON has no line breaks, which would start another field.
        let text = format!("event: next\ndata: {}\n\n{end}", reply.json());
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
