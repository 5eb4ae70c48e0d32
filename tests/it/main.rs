//! What every domain promises.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, giving up with a message is how a failure is told"
)]

mod check_ins;
mod circles;
mod databases;
mod days;
mod devices;
mod fcm_client;
mod home;
mod meetings;
mod migrations;
mod notifications;
mod profile;
mod push;
mod reminders;
mod schema;
