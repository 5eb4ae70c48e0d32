//! When governments change their clocks: what was worked out from a wall clock and stored as an instant is worked out
//! anew.
//!
//! - It begins when a worker starts with a newer edition of the time zone database than any before. What stored
//!   instants follow is written in the database, so that a process with an older edition never undoes it.
//! - It goes on in small slices, one transaction each, in which what they have come to is written as well: any number
//!   of workers take turns, and a crash repeats nothing. A slice that is done again changes nothing.
//! - A day later a second round looks at everything once more, for what processes with the older edition wrote while
//!   both ran side by side.
//! - What has happened stays: check-ins keep the date and zone they were written with, and days that were counted
//!   stay counted. So does the end of a pact: it is the instant that two men agreed to, and no travel moves it either.

mod model;
mod service;
mod store;

pub use model::{Progress, following};
pub use service::{begin, next_due, run_due, state};
