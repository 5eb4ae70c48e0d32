//! Sync: the changes to what a member's phone keeps.
//!
//! Promises:
//!
//! - A phone that sends its latest cursor receives every change since, in whatever order transactions committed, or is
//!   told to start again.
//! - It receives each thing once, in its current state.
//! - Of something that was deleted or is no longer visible to the member, it learns only that.
//!
//! Transactions write changes through [`feed`](crate::feed).

pub mod cursor;
pub mod model;
pub mod service;
mod store;
