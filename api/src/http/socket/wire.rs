//! Reads from a socket, and writes to it no faster than the peer reads.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::Error;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Error as Fault;
use tokio_tungstenite::tungstenite::error::ProtocolError;

use super::protocol::Close;
use crate::http::in_flight::Held;
use crate::http::write_progress::{Stall, WriteProgress};

/// The most replies that may wait. At this number the wire stops reading until the peer has read some.
const MAX_REPLIES: usize = 32;
/// How long to wait for the peer's half of the closing handshake.
const CLOSING: Duration = Duration::from_secs(2);

/// A socket and the messages that wait to be written to it.
pub struct Wire {
    socket: WebSocket,
    /// Messages of the session. They are written before those of operations.
    replies: VecDeque<Message>,
    /// One message of an operation. Further ones wait at their source.
    next: Option<Message>,
    unflushed: bool,
    stall: Stall,
    inbox: Inbox,
}

/// The message that is arriving; the library gathers its frames until it is complete.
pub struct Inbox {
    progress: WriteProgress,
    held: Held,
    /// The bytes that had been read from the connection when the last message was complete.
    before: u64,
    /// The largest message, in bytes.
    limit: usize,
}

impl Inbox {
    /// Watches a connection whose peer may send messages of up to `limit` bytes until it has signed in.
    pub fn new(progress: WriteProgress, held: Held, limit: usize) -> Self {
        Self {
            before: progress.heard(),
            progress,
            held,
            limit,
        }
    }

    fn note_part(&mut self) -> Option<Happened> {
        let bytes = self.progress.heard().saturating_sub(self.before);
        // The bytes include frame headers, so the bound is loose.
        if bytes > (self.limit as u64).saturating_mul(2) {
            return Some(Happened::Malformed);
        }
        self.held.hold(bytes).is_err().then_some(Happened::Crowded)
    }

    fn note_whole(&mut self, length: usize) -> Option<Happened> {
        self.before = self.progress.heard();
        // Giving memory back never fails.
        let _ = self.held.hold(0);
        (length > self.limit).then_some(Happened::Malformed)
    }
}

/// An event on a socket.
pub enum Happened {
    /// The peer sent a message.
    Heard(Message),
    /// There is room for another message.
    Written,
    /// The peer and others together send too much at once.
    Crowded,
    /// The peer sent something that is not a WebSocket message, or one that is too large.
    Malformed,
    /// The peer closed the socket, or the connection is gone.
    Gone,
}

impl Wire {
    /// Wraps an open socket. `stall` decides when its peer is given up.
    pub const fn new(socket: WebSocket, stall: Stall, inbox: Inbox) -> Self {
        Self {
            socket,
            replies: VecDeque::new(),
            next: None,
            unflushed: false,
            stall,
            inbox,
        }
    }

    /// Marks the peer as a member. From now on only the socket's own limit applies to its messages.
    pub fn is_signed_in(&mut self) {
        self.inbox.limit = usize::MAX;
        self.inbox.held.is_signed_in();
    }

    /// Whether the peer agreed on a subprotocol.
    pub fn speaks_the_protocol(&self) -> bool {
        self.socket.protocol().is_some()
    }

    /// Queues a message of the session.
    pub fn reply(&mut self, text: String) {
        self.replies.push_back(Message::text(text));
    }

    /// Queues a message of an operation. Call it only if [`Wire::has_room`].
    pub fn say(&mut self, text: Utf8Bytes) {
        self.next = Some(Message::Text(text));
    }

    /// Whether the wire can take another message of an operation.
    pub const fn has_room(&self) -> bool {
        self.next.is_none()
    }

    /// Whether everything is written and flushed.
    pub fn is_quiet(&self) -> bool {
        self.next.is_none() && self.replies.is_empty() && !self.unflushed
    }

    /// Whether the peer has read nothing for too long. Must be called regularly.
    pub fn is_stalled(&mut self) -> bool {
        if self.is_quiet() {
            self.stall.over();
            return false;
        }
        self.stall.is_too_long(Instant::now())
    }

    /// Writes what is queued and waits for the next event. Cancel-safe: it may be dropped and called again.
    pub async fn happens(&mut self) -> Happened {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Happened> {
        let full = !self.has_room();
        if let Poll::Ready(Err(_)) = self.poll_write(cx) {
            return Poll::Ready(Happened::Gone);
        }
        if full && self.has_room() {
            return Poll::Ready(Happened::Written);
        }
        // `poll_write` has registered the waker: reading goes on once the peer has read.
        if self.replies.len() >= MAX_REPLIES {
            return Poll::Pending;
        }
        let heard = self.socket.poll_next_unpin(cx);
        if heard.is_pending() {
            return self.inbox.note_part().map_or(Poll::Pending, Poll::Ready);
        }
        Poll::Ready(match ready!(heard) {
            Some(Ok(message)) => {
                let refused = self.inbox.note_whole(length(&message));
                refused.unwrap_or(Happened::Heard(message))
            }
            Some(Err(fault)) => of_fault(fault),
            None => Happened::Gone,
        })
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let socket = &mut self.socket;
        while !self.replies.is_empty() || self.next.is_some() {
            ready!(socket.poll_ready_unpin(cx))?;
            if let Some(message) = self.replies.pop_front().or_else(|| self.next.take()) {
                socket.start_send_unpin(message)?;
                self.unflushed = true;
            }
        }
        if self.unflushed {
            ready!(socket.poll_flush_unpin(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Closes the socket. Waits a little for the peer's answer, so that the peer reads the reason.
    pub async fn close(mut self, why: &Close) {
        let frame = CloseFrame {
            code: why.code(),
            reason: why.reason().into(),
        };
        let closing = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        // The socket ends even if the peer does not answer.
        let _ = tokio::time::timeout(CLOSING, closing).await;
    }
}

fn length(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}

/// Tells a peer that broke the protocol from a peer that is gone.
fn of_fault(fault: Error) -> Happened {
    match fault.into_inner().downcast_ref() {
        Some(Fault::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Happened::Gone,
        Some(Fault::Protocol(_) | Fault::Capacity(_) | Fault::Utf8(_)) => Happened::Malformed,
        _ => Happened::Gone,
    }
}
