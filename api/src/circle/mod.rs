//! Circles: small groups of men that meet, and who is in them.
//!
//! The promises: a circle is there for the men in it, and for nobody else; only its facilitators say who
//! is in it, and anybody leaves when he likes; it never is without a facilitator by a change of its own.

pub mod graphql;
pub mod model;
pub mod service;
mod store;
