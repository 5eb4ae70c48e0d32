//! Consent: what a member agreed to, purpose by purpose, since when and until when.
//!
//! The promises: what was agreed to is written down in the transaction that acts on it; a change closes what stood
//! before and opens anew, so that nothing is ever overwritten; and a man can read all of it.

pub mod service;
mod store;
