//! Check-ins: once a day a man says that he is here.
//!
//! The promises: a day is the member's own, from his day's start to the next, through clock changes and
//! travel; a day counts once, whatever was sent twice, from however many devices; what was written keeps
//! the terms of its day and is never computed anew from today's zone; the number of days he has shown up
//! never falls; and who has checked in is not reminded to.

pub mod cadence;
pub mod calendar;
pub mod graphql;
pub mod model;
pub mod runs;
pub mod service;
mod store;
pub mod subscription;
