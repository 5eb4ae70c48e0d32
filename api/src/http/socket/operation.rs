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
pub struct Told {
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
pub struct Mouth {
    /// The id that the client gave the operation.
    pub id: String,
    /// The number of the operation, as the client may reuse ids.
    pub number: u64,
    /// The queue to the socket.
    pub to: mpsc::Sender<Told>,
    /// Ends the operation if it is a subscription.
    pub enough: CancellationToken,
}

impl Mouth {
    async fn say(&self, message: &ToClient<'_>, endless: bool) {
        let last = !matches!(message, ToClient::Next { .. });
        self.tell(Told {
            text: Some(written(message).into()),
            endless,
            ..self.told(last)
        })
        .await;
    }

    /// Ends the operation without a message.
    async fn fall_silent(&self) {
        self.tell(self.told(true)).await;
    }

    fn told(&self, last: bool) -> Told {
        Told {
            id: self.id.clone(),
            number: self.number,
            text: None,
            last,
            limited: false,
            endless: false,
        }
    }

    async fn tell(&self, told: Told) {
        // A socket that is gone has dropped this task already, or is about to.
        let _ = self.to.send(told).await;
    }

    async fn refuse(&self, refusal: Refusal, line: &mut RequestLine) {
        let limited = refusal.retry_after().is_some();
        let refused = Reply::of(Err(refusal), line);
        let message = ToClient::of(&self.id, &refused);
        self.tell(Told {
            text: Some(written(&message).into()),
            limited,
            ..self.told(true)
        })
        .await;
    }
}

/// Carries out an operation to its end.
pub async fn run(edge: HttpState, caller: Caller, params: Params, mouth: Mouth) {
    let id = RequestId(edge.app.ids.next());
    let work = carry_out(&edge, id, &caller, params, &mouth).instrument(id.span());
    let work = AssertUnwindSafe(work);
    if work.catch_unwind().await.is_err() {
        let mut line = RequestLine::begin(id);
        line.member = caller.viewer.member();
        mouth.refuse(Refusal::panicked(), &mut line).await;
    }
}

async fn carry_out(
    edge: &HttpState,
    id: RequestId,
    caller: &Caller,
    params: Params,
    mouth: &Mouth,
) {
    let mut line = RequestLine::begin(id);
    line.member = caller.viewer.member();
    let stats = line.stats.clone();
    let prepared = match stats
        .scope(edge.prepare(params, caller, Transport::Stream))
        .await
    {
        Ok(prepared) => prepared,
        Err(refusal) => return mouth.refuse(refusal, &mut line).await,
    };
    line.operation(prepared.kind, prepared.name.as_deref());
    let endless = prepared.kind == OperationType::Subscription;
    let mut answers = edge.answers(prepared, &stats);
    loop {
        let outcome = tokio::select! {
            biased;
            // Without a message: the socket closes, and the client reconnects to another process.
            () = mouth.enough.cancelled(), if endless => return mouth.fall_silent().await,
            outcome = stats.scope(answers.next()) => outcome,
        };
        let Some(outcome) = outcome else {
            let complete = ToClient::Complete { id: &mouth.id };
            return mouth.say(&complete, endless).await;
        };
        let said = Reply::of(outcome, &mut line);
        mouth.say(&ToClient::of(&mouth.id, &said), endless).await;
        if matches!(said, Reply::Refused(_)) {
            return;
        }
    }
}
