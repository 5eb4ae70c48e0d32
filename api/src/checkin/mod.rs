//! Check-ins: once a day a man says that he is here.
//!
//! The promises: a day is the member's own, from his day's start to the next, through clock changes and
//! travel; a day counts once, whatever was sent twice, from however many devices; what was written keeps
//! the terms of its day and is never computed anew from today's zone; who has checked in is not reminded to.
//!
//! A run forgives: reserve days, pauses and days off hold it up, a day can be written until 48 hours after its
//! end, and a total never falls. Everything of it follows from what was written, planned and lived (`runs`); what
//! closed days add up to is kept, so that neither reading nor writing grows with what came before.
//!
//! What a check-in says is its writer's until he lets others read it, and his note is encrypted where it is kept. He takes
//! back, narrows and deletes it at any time, and no message that a phone sends again brings it back. What reaches us when
//! its day has closed is kept as an entry that changes no run and no total.

pub mod entry;
pub mod runs;
pub mod service;
mod store;
pub mod trend;
