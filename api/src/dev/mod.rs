//! Tools for developers: an HTTP view of mail and pushes, a clock that can be moved, and a made-up community for
//! demonstration.

pub mod demo;
pub mod routes;
pub mod time;
