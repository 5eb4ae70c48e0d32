//! Writing to a peer no faster than he reads, and reading from him meanwhile.

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
use crate::http::taken::{Stall, Taken};

/// Answers to the peer's own pings that may wait; beyond it he is not listened to until he reads.
const MAX_REPLIES: usize = 32;
/// For the peer's half of a closing handshake.
const CLOSING: Duration = Duration::from_secs(2);

/// A socket and what is to be written to it.
pub struct Wire {
    socket: WebSocket,
    /// The session's own words, which go before those of operations.
    replies: VecDeque<Message>,
    /// One message of an operation; the others wait where they come from.
    next: Option<Message>,
    unflushed: bool,
    stall: Stall,
    inbox: Inbox,
}

/// A message that is on its way in, which the library beneath gathers until it is whole.
pub struct Inbox {
    taken: Taken,
    held: Held,
    /// What had been read of the connection when the last message was whole.
    before: u64,
    /// A message may be so large.
    limit: usize,
}

impl Inbox {
    /// Of a connection, whose peer may send messages up to `limit` until he has said who he is.
    pub fn new(taken: Taken, held: Held, limit: usize) -> Self {
        Self {
            before: taken.heard(),
            taken,
            held,
            limit,
        }
    }

    fn note_part(&mut self) -> Option<Happened> {
        let bytes = self.taken.heard().saturating_sub(self.before);
        // Headers of frames are not counted so exactly.
        if bytes > (self.limit as u64).saturating_mul(2) {
            return Some(Happened::Malformed);
        }
        self.held.hold(bytes).is_err().then_some(Happened::Crowded)
    }

    fn note_whole(&mut self, length: usize) -> Option<Happened> {
        self.before = self.taken.heard();
        // Always says yes.
        let _ = self.held.hold(0);
        (length > self.limit).then_some(Happened::Malformed)
    }
}

/// What happened on a socket.
pub enum Happened {
    /// The peer said something.
    Heard(Message),
    /// There is room for another message.
    Written,
    /// Too much is being sent at once, by him and others.
    Crowded,
    /// What came was no WebSocket message, or too large a one.
    Malformed,
    /// The peer has closed it, or the connection is gone.
    Gone,
}

impl Wire {
    /// Around an open socket, whose peer is given up by `stall`.
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

    /// The peer is a member, whose messages may be as large as the socket takes them.
    pub fn is_signed_in(&mut self) {
        self.inbox.limit = usize::MAX;
        self.inbox.held.is_signed_in();
    }

    /// Whether a subprotocol was agreed on.
    pub fn speaks_the_protocol(&self) -> bool {
        self.socket.protocol().is_some()
    }

    /// Says something of the session's.
    pub fn reply(&mut self, text: String) {
        self.replies.push_back(Message::text(text));
    }

    /// Says something of an operation's; only while [`Wire::has_room`].
    pub fn say(&mut self, text: Utf8Bytes) {
        self.next = Some(Message::Text(text));
    }

    /// Whether another message of an operation can be taken.
    pub const fn has_room(&self) -> bool {
        self.next.is_none()
    }

    /// Whether everything was written.
    pub fn is_quiet(&self) -> bool {
        self.next.is_none() && self.replies.is_empty() && !self.unflushed
    }

    /// Whether the peer has read nothing for too long; asked now and then.
    pub fn is_stalled(&mut self) -> bool {
        if self.is_quiet() {
            self.stall.over();
            return false;
        }
        self.stall.is_too_long(Instant::now())
    }

    /// Writes what there is and waits for what happens. May be dropped and called again.
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

    /// Closes the socket and waits a little for the peer to agree, so that he reads why.
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
        // A peer who does not answer is left all the same.
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

/// Tells what a peer sent from a peer who is not there any more.
fn of_fault(fault: Error) -> Happened {
    match fault.into_inner().downcast_ref() {
        Some(Fault::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Happened::Gone,
        Some(Fault::Protocol(_) | Fault::Capacity(_) | Fault::Utf8(_)) => Happened::Malformed,
        _ => Happened::Gone,
    }
}
