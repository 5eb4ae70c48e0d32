//! A client of Firebase Cloud Messaging's [HTTP v1 API][api], and nothing else: no storage, no
//! queue, no opinion about what a notification says.
//!
//! A [`Message`] is checked when it is built, so one that exists can be sent. [`Client::send`] makes one attempt and
//! returns an [`Outcome`]. It has a variant for every answer that asks the sender for something different: forget the
//! address, slow down, try later, alert an operator.
//!
//! Nothing is retried here, because only the sender knows how long a message stays worth sending. There are two
//! exceptions, which cannot deliver twice: a request that the server says it did not process (HTTP/2 `GOAWAY`,
//! `REFUSED_STREAM`), and one whose access token was not accepted.
//!
//! Access tokens are fetched on first use, shared by all sends, and renewed in the background. An outage of the token
//! server is therefore not noticed while a token is valid.
//!
//! Tokens, assertions, addresses and the content of messages never appear in a `Debug`, a `Display` or a log line.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use fcm::{Client, Config, Credentials, Environment, Message, Notification, Outcome, Target};
//!
//! let credentials = Credentials::from_file("service-account.json")?;
//! let client = Client::new(&Config::default(), credentials, Environment::system())?;
//! let message = Message::builder(Target::fid("d4Jk1nQ0QkS3vV9yQ0aZ1b"))
//!     .notification(Notification { title: Some("Hello".into()), ..Notification::default() })
//!     .build()?;
//! match client.send(&message).await {
//!     Outcome::Accepted { name } => println!("{name}"),
//!     outcome if outcome.is_dead() => println!("forget this address"),
//!     outcome => println!("{outcome}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Topics, conditions, the fields that Google deprecated and the analytics labels are left out.
//!
//! [api]: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod android;
mod apns;
mod backoff;
mod client;
mod config;
mod credentials;
mod environment;
mod message;
mod outcome;
mod redact;
mod retry_after;
mod token;
mod token_source;
mod transport;
mod webpush;

pub use android::{
    AndroidConfig, AndroidNotification, AndroidPriority, NotificationPriority, ProxyPolicy,
    Visibility,
};
pub use apns::{
    ApnsAlert, ApnsConfig, ApnsHeaders, ApnsPayload, ApnsPriority, Aps, InterruptionLevel, PushType,
};
pub use client::{Client, ClientError};
pub use config::{Config, DEFAULT_BASE_URL, Protocol, TIMEOUT};
pub use credentials::{Credentials, CredentialsError, CredentialsKind};
pub use environment::Environment;
pub use message::{
    MAX_COLLAPSE_ID_BYTES, MAX_MESSAGE_BYTES, MAX_TTL, Message, MessageBuilder, MessageError,
    Notification, Target,
};
pub use outcome::{DEFAULT_QUOTA_PAUSE, Fault, Outcome};
pub use retry_after::MAX_RETRY_AFTER;
pub use token_source::TokenError;
pub use webpush::{WebpushConfig, WebpushOptions};
