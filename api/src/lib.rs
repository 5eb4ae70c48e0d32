//! Belay: peer support for men. The service, its worker and its command line.
//!
//! ARCHITECTURE.md, beside the source, explains the structure.

// The feature lets anybody cause panics and endless responses.
#[cfg(all(feature = "conformance", not(debug_assertions)))]
compile_error!("the feature `conformance` is for tests: build a release without it");

// The order is that of the layers: a module uses only those above it in this list. `tests/it/layers.rs` checks it.

// Kernel: time, chance, text, configuration, keys, the database, the bus.
pub mod clock;
pub mod entropy;
pub mod problem;
pub mod text;
pub mod waiting;
pub mod files;
pub mod error;
pub mod security;
pub mod zones;
pub mod config;
mod descriptors;
pub mod telemetry;
pub mod keys;
pub mod shutdown;
pub mod page;
pub mod node_id;
pub mod travel_gate;
pub mod dev_outbox;
pub mod wake;
pub mod viewer;
pub mod locale;
pub mod patch;
pub mod revocations;
pub mod confirmations;
pub mod mail;
pub mod db;
pub mod bus;

// Rules and ways out that domains share.
pub mod days;
pub mod proposal;
pub mod vocabulary;
pub mod notification_kind;
pub mod push;
pub mod passphrase;

// The unit of work: what a transaction writes last, and what follows it.
pub mod tx;
pub mod secret_check;
pub mod fact;
pub mod installation;
pub mod app;
pub mod visibility;
pub mod jobs;
pub mod feed;
pub mod outbox;
pub mod work;

// Domains.
pub mod sync;
pub mod consent;
pub mod profile;
pub mod account;
pub mod device;
pub mod circle;
pub mod matching;
pub mod checkin;
pub mod pact;
pub mod commitment;
pub mod meeting;
pub mod ladder;

// Above the domains: policy, and what follows from facts.
pub mod notification;
pub mod zone_change;
pub mod consequences;

// Edges: GraphQL, HTTP, the worker, the developer's tools, the command line.
pub mod graphql;
pub mod schema;
pub mod http;
pub mod worker;
pub mod dev;
pub mod cli;

/// The allocator of every program that is built from this crate.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
