//! Drives a socket from its opening to its end: applies the rules of the session to the wire.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::extract::ws::Message;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Arrival;
use super::operation::{OperationMessage, Responder, run};
use super::protocol::{Close, Credentials, FromClient, ToClient};
use super::session::{Action, Due, MAX_OPERATIONS, Session};
use super::wire::{Happened, Wire};
use crate::http::HttpState;
use crate::http::connection_limits::CallerSlot;
use crate::http::keepalive::Keepalive;
use crate::http::operation::Caller;
use crate::http::params::Params;
use crate::http::refusal::Refusal;
use crate::http::reply::written;
use crate::http::viewer::{Credential, Invalidation, is_developer_token};

/// The most messages that wait for a peer to read. When the queue is full, each operation waits with its next message,
/// and so do the event sources behind it.
const QUEUE: usize = 4;
/// How often the socket checks what is due. A sign-out elsewhere is known within three seconds
/// (`account::revocations`), and must take effect within five.
const TICK: Duration = Duration::from_secs(1);
/// How long operations may still be answered after their session ended. One of them may be the sign-out itself.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// An open socket.
pub struct Driven {
    state: HttpState,
    arrival: Arrival,
    session: Session,
    wire: Wire,
    caller: Caller,
    credential: Credential,
    slot: Option<CallerSlot>,
    tasks: JoinSet<()>,
    stops: HashMap<u64, AbortHandle>,
    /// Cancels subscriptions, which do not end by themselves.
    enough: CancellationToken,
    ending: Option<Ending>,
    /// The number of operations that were refused because too many were running.
    refused: u64,
    sender: mpsc::Sender<OperationMessage>,
    messages: mpsc::Receiver<OperationMessage>,
}

/// How a socket ends.
enum End {
    /// The server closes it.
    Close(Close),
    /// The peer closed it, or its connection is gone.
    Gone,
    /// The peer sent or read nothing for too long.
    Lost,
}

/// The socket is ending: it begins no operation, finishes the running ones, and then closes.
struct Ending {
    why: Close,
    /// The deadline, at which the socket closes even if operations are running.
    at: tokio::time::Instant,
}

type Going = Result<(), End>;

impl Driven {
    /// Wraps a wire whose peer has not sent its credentials yet.
    pub fn new(state: HttpState, arrival: Arrival, wire: Wire) -> Self {
        let (sender, messages) = mpsc::channel(QUEUE);
        let http = &state.app.config.http;
        let init = Duration::from_secs(http.socket_init_seconds);
        let session = Session::new(init, Keepalive::of(http).every());
        Self {
            caller: Caller {
                viewer: Credential::default().viewer(),
                address: arrival.address,
                device: arrival.device,
                developer: arrival.developer,
            },
            enough: state.shutdown.stopping().child_token(),
            state,
            arrival,
            session,
            wire,
            credential: Credential::default(),
            slot: None,
            tasks: JoinSet::new(),
            stops: HashMap::with_capacity(4),
            ending: None,
            refused: 0,
            sender,
            messages,
        }
    }

    /// Serves the socket until it ends, and writes its log line.
    pub async fn drive(mut self, id: Uuid) {
        let opened = Instant::now();
        let end = match self.serve(opened).await {
            Ok(()) => End::Gone,
            Err(end) => end,
        };
        // Stops all running operations before the end is logged and announced.
        self.tasks.shutdown().await;
        let code = match &end {
            End::Close(why) => why.code().to_string(),
            End::Gone => "gone".to_owned(),
            End::Lost => "reset".to_owned(),
        };
        tracing::info!(
            request_id = %id,
            member = self.caller.viewer.member().map(tracing::field::display),
            code,
            operations = self.session.begun(),
            refused = self.refused,
            seconds = opened.elapsed().as_secs(),
            "socket"
        );
        metrics::counter!("belay_sockets_closed_total", "code" => code).increment(1);
        if let End::Close(why) = end {
            self.wire.close(&why).await;
        }
    }

    async fn serve(&mut self, opened: Instant) -> Going {
        let stop = self.state.shutdown.stopping();
        let patience = Duration::from_secs(self.state.app.config.http.operation_timeout_seconds);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let last = self.ending.as_ref().map(|ending| ending.at);
            if last.is_some() && self.session.is_idle() && self.wire.is_quiet() {
                return Err(self.end());
            }
            tokio::select! {
                happened = self.wire.happens() => match happened {
                    Happened::Heard(message) => self.hear(message)?,
                    Happened::Written => {}
                    Happened::Crowded => return Err(End::Close(Close::Crowded)),
                    Happened::Malformed => return Err(End::Close(Close::BadMessage)),
                    Happened::Gone => return Err(End::Gone),
                },
                Some(message) = self.messages.recv(), if self.wire.has_room() => self.deliver(message),
                Some(_) = self.tasks.join_next() => {}
                _ = tick.tick() => self.look_around(opened.elapsed())?,
                () = stop.cancelled(), if last.is_none() => self.begin_to_end(Close::GoingAway, patience),
                () = at(last), if last.is_some() => return Err(self.end()),
            }
        }
    }

    /// Begins to end: the socket closes when the running operations are answered, or after `patience`.
    fn begin_to_end(&mut self, why: Close, patience: Duration) {
        let at = tokio::time::Instant::now() + patience;
        if self.ending.as_ref().is_none_or(|ending| at < ending.at) {
            self.ending = Some(Ending { why, at });
        }
        self.enough.cancel();
    }

    fn end(&mut self) -> End {
        self.ending
            .take()
            .map_or(End::Gone, |ending| End::Close(ending.why))
    }

    fn hear(&mut self, message: Message) -> Going {
        let action = match message {
            Message::Text(text) => {
                self.session.noticed();
                self.session.hear(FromClient::parse(&text))
            }
            Message::Binary(_) => self.session.hear(None),
            // The next poll of the wire answers a close frame and then ends.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => return Ok(()),
        };
        match action {
            Action::Nothing => {}
            Action::Introduce(credentials) => self.introduce(&credentials)?,
            Action::Pong(payload) => self.wire.reply(written(&ToClient::Pong { payload })),
            Action::Begin { id, .. } if self.ending.is_some() || self.has_lapsed() => {
                self.session.ended(&id);
            }
            Action::Begin { id, number, params } => self.begin(id, number, params),
            Action::Refuse(id) => self.refuse(&id),
            Action::Stop(number) => self.stop(number),
            Action::Close(why) => return Err(End::Close(why)),
        }
        Ok(())
    }

    fn introduce(&mut self, credentials: &Credentials) -> Going {
        let app = self.state.app.clone();
        let credential = match &credentials.authorization {
            Some(text) => Credential::of_credentials(&app, text),
            None => self.arrival.credential,
        };
        self.credential = credential.map_err(|_| End::Close(Close::Forbidden))?;
        self.caller.viewer = self.credential.viewer();
        if let Some(whose) = self.caller.identity()
            && let Some(seat) = &self.arrival.seat
        {
            seat.mark_known(whose);
        }
        if self.has_lapsed() {
            return Err(self.end());
        }
        if let Some(token) = &credentials.developer_token {
            self.caller.developer |= is_developer_token(&app.config.graphql, token.as_bytes());
        }
        let slot = self
            .state
            .connection_limits
            .of(self.caller.viewer, self.caller.address);
        self.slot = Some(slot.ok_or(End::Close(Close::TryAgainLater))?);
        let is_member = self.caller.viewer.member().is_some();
        if is_member {
            self.wire.is_signed_in();
        }
        self.session.opened(is_member);
        self.wire.reply(written(&ToClient::ConnectionAck));
        Ok(())
    }

    /// Whether the caller's session has ended; if so, the socket begins to end. Operations that were sent before are
    /// still answered, as they would be over HTTP: otherwise the client would not learn that its sign-out succeeded.
    fn has_lapsed(&mut self) -> bool {
        let why = match self.credential.check(&self.state.app) {
            Ok(()) => return false,
            Err(Invalidation::Expired) => Close::TokenExpired,
            Err(Invalidation::SignedOut) => Close::SignedOut,
        };
        self.begin_to_end(why, LAST_WORDS);
        true
    }

    fn begin(&mut self, id: String, number: u64, params: Params) {
        let responder = Responder {
            id,
            number,
            to: self.sender.clone(),
            enough: self.enough.clone(),
        };
        let task = run(self.state.clone(), self.caller, params, responder);
        self.stops.insert(number, self.tasks.spawn(task));
    }

    fn stop(&mut self, number: u64) {
        if let Some(task) = self.stops.remove(&number) {
            task.abort();
        }
    }

    /// Refuses an operation because too many are running. The refusal is charged to the caller's budget as far as it
    /// reaches. It is counted in the socket's log line, because a line for each would let a flooding client fill the
    /// log.
    fn refuse(&mut self, id: &str) {
        self.refused += 1;
        if self.state.admit(&self.caller).is_ok() {
            self.state.charge_refusal(&self.caller);
        }
        metrics::counter!("belay_rate_limited_total", "limit" => "operations").increment(1);
        let many = format!("At most {MAX_OPERATIONS} operations may run at a time.");
        let payload = &Refusal::limited(&many, 1).errors;
        self.wire.reply(written(&ToClient::Error { id, payload }));
    }

    /// Passes on a message of an operation, if the client still wants it and its caller may still read it.
    fn deliver(&mut self, message: OperationMessage) {
        if !self.session.wants(&message.id, message.number) {
            return;
        }
        if message.last {
            self.session.ended(&message.id);
            self.stops.remove(&message.number);
        }
        if message.limited {
            self.session.limited();
        }
        if message.endless && self.has_lapsed() {
            return;
        }
        if let Some(text) = message.text {
            self.wire.say(text);
        }
    }

    fn look_around(&mut self, age: Duration) -> Going {
        self.has_lapsed();
        if self.wire.is_stalled() {
            return Err(End::Lost);
        }
        match self.session.due(age) {
            Due::Nothing => Ok(()),
            Due::Ping => {
                self.wire.reply(written(&ToClient::Ping));
                Ok(())
            }
            Due::Close(why) => Err(End::Close(why)),
            Due::Leave => Err(End::Lost),
        }
    }
}

/// Waits until an instant, or for ever if it is `None`.
async fn at(instant: Option<tokio::time::Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
