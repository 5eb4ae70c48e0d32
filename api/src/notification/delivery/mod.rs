//! Deliveries: from a planned notification to the push provider's answer.
//!
//! Promises:
//!
//! - Nothing is sent while a transaction is open.
//! - If the process dies between sending and recording, the push is sent once more, and replaces the first one on the
//!   phone.
//! - An address is only given up when the provider has said twice that it is gone, and never when many addresses fail
//!   at once. Its deliveries wait until then.
//! - An outage of one provider does not exhaust any delivery's attempts.

pub mod service;
mod settle;
mod store;
mod tally_store;
mod trial;
mod verdict;
