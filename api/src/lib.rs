//! Belay: peer support for men. The service, its worker and its command line.
//!
//! ARCHITECTURE.md, beside the source, explains the structure.

// The feature lets anybody cause panics and endless responses.
#[cfg(all(feature = "conformance", not(debug_assertions)))]
compile_error!("the feature `conformance` is for tests: build a release without it");

pub mod account;
pub mod app;
pub mod bus;
pub mod checkin;
pub mod circle;
pub mod cli;
pub mod clock;
pub mod commitment;
pub mod config;
pub mod confirmations;
pub mod consent;
pub mod consequences;
pub mod days;
pub mod db;
mod descriptors;
pub mod dev;
pub mod dev_outbox;
pub mod device;
pub mod entropy;
pub mod error;
pub mod fact;
pub mod feed;
pub mod files;
pub mod graphql;
pub mod http;
pub mod installation;
pub mod jobs;
pub mod keys;
pub mod ladder;
pub mod locale;
pub mod mail;
pub mod matching;
pub mod meeting;
pub mod node_id;
pub mod notification;
pub mod notification_kind;
pub mod outbox;
pub mod pact;
pub mod page;
pub mod passphrase;
pub mod patch;
pub mod problem;
pub mod profile;
pub mod proposal;
pub mod push;
pub mod revocations;
pub mod schema;
pub mod secret_check;
pub mod security;
pub mod shutdown;
pub mod sync;
pub mod telemetry;
pub mod text;
pub mod travel_gate;
pub mod tx;
pub mod viewer;
pub mod visibility;
pub mod vocabulary;
pub mod waiting;
pub mod wake;
pub mod work;
pub mod worker;
pub mod zone_change;
pub mod zones;

/// The allocator of every program that is built from this crate.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
