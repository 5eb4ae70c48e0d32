//! Recomputes stored instants when governments change their clocks: an instant that was derived from a local time is
//! derived again.
//!
//! - It begins when a worker starts with a newer edition of the time zone database than any before. The database
//!   records the edition that its instants follow, so that a process with an older edition never undoes it.
//! - It works in small slices. Each is one transaction, which also records its progress: any number of workers take
//!   turns, and a crash repeats nothing. Each slice is idempotent.
//! - A day later a second round checks everything again, for rows that processes with the older edition wrote while
//!   both ran side by side.
//! - The past stays: check-ins keep the date and zone they were written with, and counted days stay counted. The end of
//!   a pact stays as well: it is the instant that both partners agreed to, and travel does not move it either.

mod model;
mod service;
mod store;

pub use model::{Progress, following};
pub use service::{begin, next_due, run_due, state};
