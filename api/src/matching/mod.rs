//! Matching: peerings, in which two members have agreed to be partners.
//!
//! The promises:
//!
//! * Two members are partners only after both said yes. Each can end it at any time, at once and without a reason.
//! * The proposer cannot tell a no from silence: a declined proposal looks to him exactly like one that waits, and
//!   expires on the same day.
//! * A member cannot propose to the same member again and again.
//! * Nobody has more partners than he can be there for.

pub mod model;
pub mod service;
mod store;
