//! The rules of a socket: what may happen next, without any I/O.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::protocol::{Close, Credentials, FromClient};
use crate::http::keepalive::MISSES;
use crate::http::params::Params;

/// The most operations at a time. A screen needs a handful. The fifty-first is refused and the others go on.
pub const MAX_OPERATIONS: usize = 50;
/// The most refusals within [`COUNTED_FOR`]; the next operation closes the socket. An app waits for as long as the
/// refusal says. A client that does not wait would otherwise cost an answer for each operation, without end.
const MAX_REFUSALS: u32 = 50;
/// The period in which [`MAX_REFUSALS`] counts.
const COUNTED_FOR: Duration = Duration::from_mins(1);
/// An anonymous socket without operations is closed after this time.
const IDLE_FOR: Duration = Duration::from_mins(1);

/// The state of one socket.
///
/// The server sends the protocol's own ping messages. Every client library answers them, and only a running app does. A
/// WebSocket ping would only show that the phone has a network.
pub struct Session {
    init_within: Duration,
    ping_every: Duration,
    stage: Stage,
    running: HashMap<String, u64>,
    /// The age of the socket when an operation was last running.
    busy_at: Duration,
    begun: u64,
    /// The value of `begun` at the last check.
    begun_before: u64,
    refusals: u32,
    counted_from: Duration,
    heard: bool,
    misses: u32,
    asked_at: Duration,
}

/// The stage of the protocol's opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The peer has not sent its credentials.
    Silent,
    /// The peer has sent its credentials, and they are being checked.
    Introduced,
    /// The peer is anonymous and may send operations.
    OpenToStranger,
    /// The peer is a member and may send operations.
    OpenToMember,
}

/// The action that a message requires.
#[derive(Debug)]
pub enum Action {
    /// Nothing.
    Nothing,
    /// Check the credentials, then call [`Session::opened`].
    Introduce(Credentials),
    /// Answer a ping.
    Pong(Option<Map<String, Value>>),
    /// Carry out an operation.
    Begin {
        /// The id that the client gave it.
        id: String,
        /// Tells it from an earlier operation with the same id.
        number: u64,
        /// The operation.
        params: Params,
    },
    /// Refuse an operation, because too many are running.
    Refuse(String),
    /// Stop an operation.
    Stop(u64),
    /// Close the socket.
    Close(Close),
}

/// What is due at a certain time.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing.
    Nothing,
    /// Send a ping.
    Ping,
    /// Close the socket.
    Close(Close),
    /// Drop the connection: the peer is gone.
    Leave,
}

impl Session {
    /// Starts with a socket that was just opened.
    pub fn new(init_within: Duration, ping_every: Duration) -> Self {
        Self {
            init_within,
            ping_every,
            stage: Stage::Silent,
            running: HashMap::new(),
            busy_at: Duration::ZERO,
            begun: 0,
            begun_before: 0,
            refusals: 0,
            counted_from: Duration::ZERO,
            heard: false,
            misses: 0,
            asked_at: Duration::ZERO,
        }
    }

    /// Takes in a message; `None` stands for text that is not a message.
    pub fn hear(&mut self, message: Option<FromClient>) -> Action {
        match message {
            None => Action::Close(Close::BadMessage),
            Some(FromClient::Init(_)) if self.stage != Stage::Silent => {
                Action::Close(Close::TooManyInits)
            }
            Some(FromClient::Init(credentials)) => {
                self.stage = Stage::Introduced;
                Action::Introduce(credentials)
            }
            Some(FromClient::Ping(payload)) => Action::Pong(payload),
            Some(FromClient::Pong) => Action::Nothing,
            Some(FromClient::Subscribe { .. })
                if !matches!(self.stage, Stage::OpenToStranger | Stage::OpenToMember) =>
            {
                Action::Close(Close::Unauthorized)
            }
            Some(FromClient::Subscribe { id, params }) => self.begin(id, params),
            Some(FromClient::Complete { id }) => match self.running.remove(&id) {
                Some(number) => Action::Stop(number),
                None => Action::Nothing,
            },
        }
    }

    fn begin(&mut self, id: String, params: Params) -> Action {
        if self.running.contains_key(&id) {
            return Action::Close(Close::SubscriberExists(id));
        }
        if self.refusals >= MAX_REFUSALS {
            return Action::Close(Close::TooManyRequests);
        }
        if self.running.len() >= MAX_OPERATIONS {
            self.limited();
            return Action::Refuse(id);
        }
        self.begun += 1;
        let number = self.begun;
        self.running.insert(id.clone(), number);
        Action::Begin { id, number, params }
    }

    /// Counts a refusal because of a rate limit.
    pub const fn limited(&mut self) {
        self.refusals = self.refusals.saturating_add(1);
    }

    /// Accepts operations from now on: the credentials have been checked.
    pub fn opened(&mut self, signed_in: bool) {
        self.stage = if signed_in {
            Stage::OpenToMember
        } else {
            Stage::OpenToStranger
        };
    }

    /// Records that the peer sent a complete message of any kind. Frames do not count: between the frames of a message
    /// that never ends, a peer could send WebSocket pings for ever.
    pub fn noticed(&mut self) {
        self.heard = true;
    }

    /// Whether the client still wants the answers of this operation.
    pub fn wants(&self, id: &str, number: u64) -> bool {
        self.running.get(id) == Some(&number)
    }

    /// Records that an operation has ended.
    pub fn ended(&mut self, id: &str) {
        self.running.remove(id);
    }

    /// Whether no operation is running.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Returns how many operations there were.
    pub const fn begun(&self) -> u64 {
        self.begun
    }

    /// Returns what is due on a socket of this age.
    pub fn due(&mut self, age: Duration) -> Due {
        if self.stage == Stage::Silent && age >= self.init_within {
            return Due::Close(Close::InitTimeout);
        }
        if matches!(self.stage, Stage::Introduced | Stage::OpenToStranger) {
            if !self.running.is_empty() || self.begun > self.begun_before {
                (self.busy_at, self.begun_before) = (age, self.begun);
            } else if age >= self.busy_at + IDLE_FOR {
                return Due::Close(Close::Idle);
            }
        }
        if age >= self.counted_from + COUNTED_FOR {
            self.counted_from = age;
            self.refusals = 0;
        }
        if age < self.asked_at + self.ping_every {
            return Due::Nothing;
        }
        // Before the first ping there is nothing to miss.
        let first = self.asked_at.is_zero();
        self.misses = if first || self.heard {
            0
        } else {
            self.misses + 1
        };
        if self.misses >= MISSES {
            return Due::Leave;
        }
        self.heard = false;
        self.asked_at = age;
        Due::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        Session::new(Duration::from_secs(10), Duration::from_secs(15))
    }

    fn reaction(session: &mut Session, message: &str) -> String {
        match session.hear(FromClient::parse(message)) {
            Action::Nothing => "nothing".to_owned(),
            Action::Introduce(_) => {
                session.opened(true);
                "open".to_owned()
            }
            Action::Pong(payload) => format!("pong {}", Value::from(payload)),
            Action::Begin { id, number, .. } => format!("begin {id} {number}"),
            Action::Refuse(id) => format!("refuse {id}"),
            Action::Stop(number) => format!("stop {number}"),
            Action::Close(close) => close.code().to_string(),
        }
    }

    const INIT: &str = r#"{"type": "connection_init"}"#;

    fn subscribe(id: &str) -> String {
        format!(r#"{{"type": "subscribe", "id": "{id}", "payload": {{"query": "{{a}}"}}}}"#)
    }

    fn complete(id: &str) -> String {
        format!(r#"{{"type": "complete", "id": "{id}"}}"#)
    }

    #[test]
    fn a_session_follows_the_protocol() {
        let one = subscribe("1");
        for conversation in [
            &[(one.as_str(), "4401")][..],
            &[(INIT, "open"), (INIT, "4429")],
            &[("nonsense", "4400")],
            &[(INIT, "open"), (r#"{"type": "start"}"#, "4400")],
            &[(r#"{"type": "ping"}"#, "pong null")],
            &[(
                r#"{"type": "ping", "payload": {"a": 1}}"#,
                r#"pong {"a":1}"#,
            )],
            &[(r#"{"type": "pong"}"#, "nothing")],
            &[(INIT, "open"), (&one, "begin 1 1"), (&one, "4409")],
            &[(INIT, "open"), (&complete("1"), "nothing")],
            &[
                (INIT, "open"),
                (&one, "begin 1 1"),
                (&complete("1"), "stop 1"),
                (&complete("1"), "nothing"),
                (&one, "begin 1 2"),
            ],
        ] {
            let mut session = session();
            for (message, expected) in conversation {
                assert_eq!(
                    reaction(&mut session, message),
                    *expected,
                    "{conversation:?}"
                );
            }
        }
    }

    #[test]
    fn an_operation_above_the_limit_is_refused_and_the_others_continue() {
        let mut session = session();
        reaction(&mut session, INIT);
        for id in 1..=MAX_OPERATIONS {
            let begun = format!("begin {id} {id}");
            assert_eq!(reaction(&mut session, &subscribe(&id.to_string())), begun);
        }
        assert_eq!(reaction(&mut session, &subscribe("more")), "refuse more");
        assert!(!session.wants("more", 51));
        session.ended("7");
        assert_eq!(reaction(&mut session, &subscribe("more")), "begin more 51");
    }

    #[test]
    fn a_client_that_ignores_refusals_is_closed_and_one_that_pauses_is_not() {
        let mut session = session();
        reaction(&mut session, INIT);
        for id in 1..=MAX_OPERATIONS {
            reaction(&mut session, &subscribe(&id.to_string()));
        }
        for _ in 1..MAX_REFUSALS {
            assert_eq!(reaction(&mut session, &subscribe("more")), "refuse more");
        }
        // One of the operations was refused because the budget is empty.
        session.limited();
        let mut patient = session;
        patient.noticed();
        assert_eq!(patient.due(Duration::from_mins(1)), Due::Ping);
        assert_eq!(reaction(&mut patient, &subscribe("more")), "refuse more");

        let mut session = patient;
        for _ in 1..MAX_REFUSALS {
            reaction(&mut session, &subscribe("more"));
        }
        assert_eq!(reaction(&mut session, &subscribe("more")), "4429");
    }

    #[test]
    fn an_anonymous_socket_is_closed_after_an_idle_minute() {
        let seconds = Duration::from_secs;
        let mut session = session();
        reaction(&mut session, INIT);
        session.opened(false);
        reaction(&mut session, &subscribe("1"));
        for at in [15, 30, 45, 60, 75, 90] {
            session.noticed();
            assert_eq!(session.due(seconds(at)), Due::Ping, "at {at}");
        }
        reaction(&mut session, &complete("1"));
        // An operation that begins and ends between two checks counts as well.
        reaction(&mut session, &subscribe("2"));
        session.ended("2");
        assert_eq!(session.due(seconds(91)), Due::Nothing);
        session.noticed();
        assert_eq!(session.due(seconds(150)), Due::Ping);
        assert_eq!(session.due(seconds(151)), Due::Close(Close::Idle));
    }

    #[test]
    fn results_of_a_stopped_operation_are_dropped_when_its_id_is_reused() {
        let mut session = session();
        reaction(&mut session, INIT);
        reaction(&mut session, &subscribe("1"));
        assert!(session.wants("1", 1));
        reaction(&mut session, &complete("1"));
        assert!(!session.wants("1", 1) && session.is_idle());
        reaction(&mut session, &subscribe("1"));
        assert!(!session.wants("1", 1) && session.wants("1", 2));
    }

    #[test]
    fn a_client_that_sends_no_connection_init_is_closed() {
        let seconds = Duration::from_secs;
        let mut silent = session();
        assert_eq!(silent.due(seconds(9)), Due::Nothing);
        assert_eq!(silent.due(seconds(10)), Due::Close(Close::InitTimeout));
        let mut polite = session();
        reaction(&mut polite, INIT);
        assert_eq!(polite.due(seconds(10)), Due::Nothing);
    }

    #[test]
    fn a_peer_is_dropped_after_three_unanswered_pings() {
        let seconds = Duration::from_secs;
        let mut session = session();
        reaction(&mut session, INIT);
        for at in [15, 30, 45] {
            assert_eq!(session.due(seconds(at - 1)), Due::Nothing);
            assert_eq!(session.due(seconds(at)), Due::Ping);
        }
        session.noticed();
        for at in [60, 75, 90] {
            assert_eq!(session.due(seconds(at)), Due::Ping, "at {at}");
        }
        assert_eq!(session.due(seconds(105)), Due::Leave);
    }
}
