//! Pacts: two partners agree on what they share of their check-ins, and on how they nudge each other.
//!
//! The promises:
//!
//! * Each partner chooses what he shares and for how long. He can take it back at once, without the other.
//! * Nothing is shared before both agreed, or after the pact is over, however it ended.
//! * The proposer cannot tell a no from silence.
//! * Two partners exchange at most two nudges a day. No nudge reaches a partner at night, or on a day on which he has
//!   checked in or takes a pause. The sender of a refused nudge does not learn why it was refused.
//! * Sharing begins when the member agrees to it: the partner cannot read anything older.
//! * Received words belong to the receiver. He can read nudges, wishes and proposals for ninety days after they are no
//!   longer visible elsewhere, whatever becomes of the sender.

pub mod model;
pub mod service;
mod store;
