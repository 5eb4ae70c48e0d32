//! The messages of the GraphQL over WebSocket protocol, and the close codes.

use async_graphql::{Response, ServerError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::http::json_limit::is_within_limit;
use crate::http::params::Params;
use crate::http::reply::Reply;

/// The only supported subprotocol.
pub const SUBPROTOCOL: &str = "graphql-transport-ws";

/// The longest operation id, in bytes. Clients count or use UUIDs; longer ids would only fill memory.
const MAX_ID: usize = 256;

/// The longest ping message, in bytes. Its payload is sent back, and waits in memory if the sender does not read.
const MAX_PING: usize = 1024;

/// A message from a client.
#[derive(Debug)]
pub enum FromClient {
    /// `connection_init`: the credentials. It comes once, before everything else.
    Init(Credentials),
    /// A ping, with its payload.
    Ping(Option<Map<String, Value>>),
    /// The answer to a ping.
    Pong,
    /// Carry out an operation.
    Subscribe {
        /// The id under which its answers are sent.
        id: String,
        /// The operation.
        params: Params,
    },
    /// Stop an operation.
    Complete {
        /// The id of the operation.
        id: String,
    },
}

/// The fields that are read from the payload of `connection_init`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// `Bearer` and an access token, as in the HTTP header.
    pub authorization: Option<String>,
    /// The developer token.
    pub developer_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Raw {
    ConnectionInit {
        payload: Option<Map<String, Value>>,
    },
    Ping {
        payload: Option<Map<String, Value>>,
    },
    Pong {
        #[serde(rename = "payload")]
        _payload: Option<Map<String, Value>>,
    },
    Subscribe {
        id: String,
        payload: Map<String, Value>,
    },
    Complete {
        id: String,
    },
}

impl FromClient {
    /// Parses a message. Returns `None` if it is not one of the protocol's.
    pub fn parse(text: &str) -> Option<Self> {
        // Serde would read a list as the fields in their order.
        if !text.trim_ascii_start().starts_with('{') || !is_within_limit(text.as_bytes()) {
            return None;
        }
        let id = |id: String| (1..=MAX_ID).contains(&id.len()).then_some(id);
        Some(match serde_json::from_str(text).ok()? {
            Raw::ConnectionInit { payload } => {
                Self::Init(Credentials::of(payload.unwrap_or_default())?)
            }
            Raw::Ping { .. } if text.len() > MAX_PING => return None,
            Raw::Ping { payload } => Self::Ping(payload),
            Raw::Pong { .. } => Self::Pong,
            Raw::Subscribe { id: given, payload } => {
                let params: Params = serde_json::from_value(Value::Object(payload)).ok()?;
                Self::Subscribe {
                    id: id(given)?,
                    params: params.ask_for_something().then_some(params)?,
                }
            }
            Raw::Complete { id: given } => Self::Complete { id: id(given)? },
        })
    }
}

impl Credentials {
    /// Reads the payload. Clients build it by hand, and some write the key as the header is written.
    fn of(mut payload: Map<String, Value>) -> Option<Self> {
        let mut text = |key| match payload.remove(key) {
            None | Some(Value::Null) => Some(None),
            Some(Value::String(text)) => Some(Some(text)),
            Some(_) => None,
        };
        let (small, large) = (text("authorization")?, text("Authorization")?);
        Some(Self {
            authorization: small.or(large),
            developer_token: text("developerToken")?,
        })
    }
}

/// A message to a client.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToClient<'a> {
    /// The session is open; the client may send operations.
    ConnectionAck,
    /// A ping.
    Ping,
    /// The answer to a ping, with its payload.
    Pong {
        /// The payload of the ping.
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Map<String, Value>>,
    },
    /// An answer of an operation.
    Next {
        /// The id of the operation.
        id: &'a str,
        /// The answer.
        payload: &'a Response,
    },
    /// The operation is not carried out, or is broken off.
    Error {
        /// The id of the operation.
        id: &'a str,
        /// The errors.
        payload: &'a [ServerError],
    },
    /// The operation has no more answers.
    Complete {
        /// The id of the operation.
        id: &'a str,
    },
}

impl<'a> ToClient<'a> {
    /// Wraps an answer of the operation.
    pub fn of(id: &'a str, reply: &'a Reply) -> Self {
        match reply {
            Reply::Answer(payload) => Self::Next { id, payload },
            Reply::Refused(payload) => Self::Error { id, payload },
        }
    }
}

/// Why a socket is closed. The reference client reconnects after 1001, 1013, 4403 and 4408. The other codes mean that
/// the client has a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// Nobody is signed in, and no operation is running.
    Idle,
    /// The process shuts down; the client may reach another one.
    GoingAway,
    /// The member or the address has too many sockets.
    TryAgainLater,
    /// Too much is being sent at once.
    Crowded,
    /// The peer sent something that is not a message of the protocol.
    BadMessage,
    /// The peer sent an operation before `connection_init`.
    Unauthorized,
    /// The token is invalid.
    Forbidden,
    /// The token has expired; the client may reconnect with a fresh one.
    TokenExpired,
    /// The session has ended.
    SignedOut,
    /// The client asked for another subprotocol, or for none.
    Subprotocol,
    /// The client sent no `connection_init` in time.
    InitTimeout,
    /// The id belongs to a running operation.
    SubscriberExists(String),
    /// The client sent a second `connection_init`.
    TooManyInits,
    /// The client keeps sending operations although they are refused.
    TooManyRequests,
}

impl Close {
    /// The close code.
    pub const fn code(&self) -> u16 {
        match self {
            Self::Idle => 1000,
            Self::GoingAway => 1001,
            Self::TryAgainLater | Self::Crowded => 1013,
            Self::BadMessage => 4400,
            Self::Unauthorized => 4401,
            Self::Forbidden | Self::TokenExpired | Self::SignedOut => 4403,
            Self::Subprotocol => 4406,
            Self::InitTimeout => 4408,
            Self::SubscriberExists(_) => 4409,
            Self::TooManyInits | Self::TooManyRequests => 4429,
        }
    }

    /// The reason in words; a close frame has room for 123 bytes (RFC 6455 §5.5).
    pub fn reason(&self) -> String {
        let plain = match self {
            Self::SubscriberExists(id) => {
                let named = format!("Subscriber for {id} already exists");
                if named.len() <= 123 {
                    return named;
                }
                "Subscriber already exists"
            }
            Self::Idle => "Idle",
            Self::GoingAway => "Going away",
            Self::TryAgainLater => "Too many sockets",
            Self::Crowded => "Too much is being sent",
            Self::BadMessage => "Invalid message received",
            Self::Unauthorized => "Unauthorized",
            Self::Forbidden => "Forbidden",
            Self::TokenExpired => "Access token expired",
            Self::SignedOut => "Signed out",
            Self::Subprotocol => "Subprotocol not acceptable",
            Self::InitTimeout => "Connection initialisation timeout",
            Self::TooManyInits => "Too many initialisation requests",
            Self::TooManyRequests => "Too many requests",
        };
        plain.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::reply::written;

    #[test]
    fn only_protocol_messages_are_accepted() {
        for bad in [
            "",
            "null",
            "3",
            "{",
            "{}",
            r#"["ping"]"#,
            r#"{"type": "stop"}"#,
            r#"{"type": "connection_ack"}"#,
            r#"{"type": "next", "id": "1", "payload": {}}"#,
            r#"{"type": "connection_init", "payload": []}"#,
            r#"{"type": "connection_init", "payload": {"authorization": 3}}"#,
            r#"{"type": "ping", "payload": "x"}"#,
            r#"{"type": "subscribe", "payload": {"query": "{a}"}}"#,
            r#"{"type": "subscribe", "id": "", "payload": {"query": "{a}"}}"#,
            r#"{"type": "subscribe", "id": 1, "payload": {"query": "{a}"}}"#,
            r#"{"type": "subscribe", "id": "1"}"#,
            r#"{"type": "subscribe", "id": "1", "payload": ["{a}"]}"#,
            r#"{"type": "subscribe", "id": "1", "payload": {}}"#,
            r#"{"type": "subscribe", "id": "1", "payload": {"query": null, "variables": {}}}"#,
            r#"{"type": "subscribe", "id": "1", "payload": {"query": 3}}"#,
            r#"{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": "x"}}"#,
            r#"{"type": "complete"}"#,
            r#"{"type": "ping"} {"type": "ping"}"#,
            &format!(r#"{{"type": "complete", "id": "{}"}}"#, "i".repeat(257)),
            &format!(
                r#"{{"type": "ping", "payload": {{"a": "{}"}}}}"#,
                "x".repeat(1024)
            ),
        ] {
            assert!(FromClient::parse(bad).is_none(), "{bad}");
        }
        for good in [
            r#" {"type": "connection_init"}"#,
            r#"{"type": "connection_init", "payload": null}"#,
            r#"{"type": "ping", "payload": {"a": [1]}, "more": 3}"#,
            r#"{"payload": {"query": "{a}", "variables": null}, "id": "1", "type": "subscribe"}"#,
            r#"{"type": "subscribe", "id": "1", "payload": {"documentId": "sha256:0"}}"#,
            r#"{"type": "complete", "id": "1"}"#,
        ] {
            assert!(FromClient::parse(good).is_some(), "{good}");
        }
    }

    #[test]
    fn the_authorization_key_may_be_capitalised() {
        for key in ["authorization", "Authorization"] {
            let text = format!(
                r#"{{"type": "connection_init", "payload": {{"{key}": "Bearer x", "developerToken": "d"}}}}"#
            );
            let Some(FromClient::Init(credentials)) = FromClient::parse(&text) else {
                panic!("{text}");
            };
            assert_eq!(credentials.authorization.as_deref(), Some("Bearer x"));
            assert_eq!(credentials.developer_token.as_deref(), Some("d"));
        }
    }

    #[test]
    fn absent_fields_are_omitted() {
        assert_eq!(
            written(&ToClient::ConnectionAck),
            r#"{"type":"connection_ack"}"#
        );
        let pong = ToClient::Pong { payload: None };
        assert_eq!(written(&pong), r#"{"type":"pong"}"#);
        let complete = ToClient::Complete { id: "1" };
        assert_eq!(written(&complete), r#"{"type":"complete","id":"1"}"#);
    }

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        let named = Close::SubscriberExists("7".to_owned());
        assert_eq!(named.reason(), "Subscriber for 7 already exists");
        let long = Close::SubscriberExists("7".repeat(256));
        assert!(long.reason().len() <= 123);
    }
}
