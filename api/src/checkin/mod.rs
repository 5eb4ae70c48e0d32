//! Check-ins: once a day a member says "I am here".
//!
//! Promises:
//!
//! - A day is the member's own: it lasts from their day start to the next one, through clock changes and travel.
//! - A day counts once, however often and from however many devices a check-in is sent.
//! - A check-in keeps the time zone and day start of its day. They are never recomputed from today's.
//! - A member who has checked in gets no reminder that day.
//! - A run forgives: reserve days, pauses and days off keep it going. A day can be written until 48 hours after its
//!   end. A total never falls.
//! - All progress follows from check-ins, plans and the calendar ([`runs`]). The sums of closed days are stored, so the
//!   cost of a read or a write does not grow with the history.
//! - Only the member can read a check-in's content until they share it. The note is encrypted at rest.
//! - The member can take back, narrow or delete the content at any time. No retried request restores it.
//! - A check-in that arrives after its day has closed is stored, but changes no run and no total.

pub mod entry;
pub mod runs;
pub mod service;
mod store;
pub mod trend;
