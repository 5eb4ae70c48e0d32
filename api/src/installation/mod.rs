//! The installation itself: what an app needs before anybody signs in, and whom a member in need can call.
//!
//! The promises: anybody may read it, and it costs no statement. What the operator has not said is null, never made
//! up. Every crisis line has a source; one that was not checked within its review date says so, and is shown beside
//! the emergency numbers.

pub mod crisis;

pub use crisis::{Directory, DirectoryError};
