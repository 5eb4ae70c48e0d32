//! Circles: small groups of men that meet, and who is in them.
//!
//! The promises: a circle is there for the men in it, and for nobody else; only its facilitators invite,
//! nobody is in it without his own yes, and anybody leaves when he likes; it never is without a facilitator by a change of its own.

mod handover;
mod invitation_store;
mod invitations;
pub mod model;
pub mod service;
mod store;
