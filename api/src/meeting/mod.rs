//! Meetings: what is on, and who comes.
//!
//! The promises: a meeting's truth is a date and a time on the wall of its zone, and the instant follows from
//! them; no more men have a seat than there are seats, however many ask at once; whoever has a seat is
//! reminded, whoever gives it back is not, and whoever had one when it was called off is told; a circle's
//! meeting is there for the circle alone; and how to get in is for those who are going.

pub mod model;
pub mod service;
mod store;
