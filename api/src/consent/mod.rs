//! Consents: what a member agreed to, purpose by purpose, from when and until when.
//!
//! Promises:
//!
//! - A consent is recorded in the transaction that acts on it.
//! - A change closes the earlier consent and opens a new one, so that nothing is ever overwritten.
//! - A member can read all of his consents.

pub mod service;
mod store;
