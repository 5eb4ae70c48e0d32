//! The installation itself: what an app needs before anybody signs in, and the crisis lines a member can call.
//!
//! Promises:
//!
//! - Anybody may read it, and reading it costs no statement.
//! - What the operator has not configured is null, never made up.
//! - Every crisis line has a source. A line that was not checked within its review date says so, and is shown beside
//!   the emergency numbers.

pub mod crisis;

pub use crisis::{Directory, DirectoryError};
