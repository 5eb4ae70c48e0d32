//! One operation of a socket. It runs as a task of its own, so that it neither waits for the peer while it holds
//! something nor takes the socket down if it fails.

use std::panic::AssertUnwindSafe;

use async_graphql::parser::types::OperationType;
use axum::extract::ws::Utf8Bytes;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::protocol::ToClient;
use crate::http::HttpState;
use crate::http::operation::{Caller, Transport};
use crate::http::params::Params;
use crate::http::refusal::Refusal;
use crate::http::reply::{Reply, written};
use crate::http::request_log::{RequestId, RequestLine};

/// An outgoing message of an operation.
pub struct OperationMessage {
    /// The id that the client gave the operation.
    pub id: String,
    /// The number of the operation, as the client may reuse ids.
    pub number: u64,
    /// The message, or `None` if the operation ends silently.
    pub text: Option<Utf8Bytes>,
    /// Whether this is the last message.
    pub last: bool,
    /// Whether the operation was refused because of a rate limit.
    pub limited: bool,
    /// Whether the operation is a subscription. Its caller is checked again for every message.
    pub endless: bool,
}

/// Sends the messages of an operation. Waits while the peer does not read.
pub struct Responder {
    /// The id that the client gave the operation.
    pub id: String,
    /// The number of the operation, as the client may reuse ids.
    pub number: u64,
    /// The queue to the socket.
    pub to: mpsc::Sender<OperationMessage>,
    /// Ends the operation if it is a subscription.
    pub enough: CancellationToken,
}

impl Responder {
    async fn reply(&self, message: &ToClient<'_>, endless: bool) {
        let last = !matches!(message, ToClient::Next { .. });
        self.send(OperationMessage {
            text: Some(written(message).into()),
            endless,
            ..self.message(last)
        })
        .await;
    }

    /// Ends the operation without a message.
    async fn end_silently(&self) {
        self.send(self.message(true)).await;
    }

    fn message(&self, last: bool) -> OperationMessage {
        OperationMessage {
            id: self.id.clone(),
            number: self.number,
            text: None,
            last,
            limited: false,
            endless: false,
        }
    }

    async fn send(&self, message: OperationMessage) {
        // A socket that is gone has dropped this task already, or is about to.
        let _ = self.to.send(message).await;
    }

    async fn refuse(&self, refusal: Refusal, line: &mut RequestLine) {
        let limited = refusal.retry_after().is_some();
        let refused = Reply::of(Err(refusal), line);
        let message = ToClient::of(&self.id, &refused);
        self.send(OperationMessage {
            text: Some(written(&message).into()),
            limited,
            ..self.message(true)
        })
        .await;
    }
}

/// Carries out an operation to its end.
pub async fn run(state: HttpState, caller: Caller, params: Params, responder: Responder) {
    let id = RequestId(state.app.ids.next());
    let work = carry_out(&state, id, &caller, params, &responder).instrument(id.span());
    let work = AssertUnwindSafe(work);
    if work.catch_unwind().await.is_err() {
        let mut line = RequestLine::begin(id);
        line.member = caller.viewer.member();
        responder.refuse(Refusal::panicked(), &mut line).await;
    }
}

async fn carry_out(
    state: &HttpState,
    id: RequestId,
    caller: &Caller,
    params: Params,
    responder: &Responder,
) {
    let mut line = RequestLine::begin(id);
    line.member = caller.viewer.member();
    let counts = line.stats.clone();
    let prepared = match counts
        .scope(state.prepare(params, caller, Transport::Stream))
        .await
    {
        Ok(prepared) => prepared,
        Err(refusal) => return responder.refuse(refusal, &mut line).await,
    };
    line.operation(prepared.kind, prepared.name.as_deref());
    let endless = prepared.kind == OperationType::Subscription;
    let mut answers = state.answers(prepared, &counts);
    loop {
        let outcome = tokio::select! {
            biased;
            // Without a message: the socket closes, and the client reconnects to another process.
            () = responder.enough.cancelled(), if endless => return responder.end_silently().await,
            outcome = counts.scope(answers.next()) => outcome,
        };
        let Some(outcome) = outcome else {
            let complete = ToClient::Complete { id: &responder.id };
            return responder.reply(&complete, endless).await;
        };
        let reply = Reply::of(outcome, &mut line);
        responder
            .reply(&ToClient::of(&responder.id, &reply), endless)
            .await;
        if matches!(reply, Reply::Refused(_)) {
            return;
        }
    }
}
