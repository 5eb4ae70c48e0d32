//! Circles: small groups of members who meet, their memberships and invitations.
//!
//! The promises:
//!
//! * A circle is visible to its members only.
//! * Only its facilitators invite.
//! * Nobody is in a circle without his own consent, and every member can leave at any time.
//! * No change to a circle's members leaves it without a facilitator.

mod handover;
mod invitation_store;
mod invitations;
pub mod model;
pub mod service;
mod store;
