//! The ladder: what should happen when a member goes quiet, as the member chose while they were well.
//!
//! Promises:
//!
//! - Only people whom the member chose and who agreed are notified, no earlier than the member chose, and of no more
//!   than the member chose.
//! - The member can see in advance who will be notified and when, and afterwards who was.
//! - Whatever shows that the member is here (a check-in, a pause, or saying "I am all right") resets the ladder in the
//!   same transaction. Nothing is sent about earlier days after that.
//! - Everyone who was notified is then notified that the member is back.

pub mod model;
mod schedule;
pub mod service;
mod store;
