//! Matching: two men who said yes to keeping each other company.
//!
//! The promises: nobody is anybody's partner unless both said yes, and either ends it when he likes, at once and
//! without a reason. Silence is a lapse and never shown as a no: a proposal that was declined looks to the man who
//! asked exactly like one that waits, and lapses on the same day. Nobody is asked by the same man again and again,
//! or has more partners than he can be there for.

pub mod model;
pub mod service;
mod store;
