//! Shared helpers of the tests.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports a failure by a panic with a message"
)]

mod app;
mod codes;
mod collector;
mod database;
mod edge;
mod event_stream;
pub mod fake_fcm;
mod fake_transport;
mod listening;
mod mail;
mod mutation;
mod nats;
mod nudges;
mod phone;
mod postgres;
mod process;
mod program;
pub mod promises;
mod schema;
mod scratch;
mod server;
mod silent_proxy;
mod slow_line;
mod smtp;
mod socket;
mod sources;
mod zones;

pub use app::{Answer, TestApp, config, request};
pub use codes::ListedCodes;
pub use collector::Collector;
pub use database::{Engine, FromDatabase, TestDatabase, run};
pub use event_stream::EventStream;
pub use fake_transport::{FakeTransport, Scripted, SentNudge};
pub use listening::Listening;
pub use macros::both;
pub use mail::Mail;
pub use mutation::mutation;
pub use nats::NatsServer;
pub use phone::{CREDENTIALS, Phone};
pub use process::{PeakGrowth, signal};
pub use program::{Ended, PRODUCTION, Program, SECRET};
pub use schema::Schema;
pub use server::{TestServer, eventually};
pub use silent_proxy::SilentProxy;
pub use slow_line::slow_line;
pub use smtp::SmtpSink;
pub use socket::{PROTOCOL, Socket};
pub use sources::{Source, sources};
pub use zones::{install_zone, zone_folder, zone_name};

/// Returns a zone of the IANA database.
pub fn zone(name: &str) -> api::zones::Zone {
    let found = name.parse();
    found.unwrap_or_else(|_| panic!("{name} is not a time zone"))
}
