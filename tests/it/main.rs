//! What every domain promises.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, giving up with a message is how a failure is told"
)]

mod databases;
mod devices;
mod fcm_client;
mod migrations;
mod notifications;
mod push;
mod reminders;
mod schema;
