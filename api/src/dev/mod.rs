//! What only a developer gets: mail and nudges on the terminal, a look at them over HTTP, a clock that
//! can be moved, and a community made up for demonstration.

pub mod demo;
pub mod routes;
pub mod time;
