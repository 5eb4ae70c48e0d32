//! What every domain promises.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, giving up with a message is how a failure is told"
)]

mod config;
mod databases;
mod doctor;
mod http;
mod operations;
mod schema;
mod time_travel;
