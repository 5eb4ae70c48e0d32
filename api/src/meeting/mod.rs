//! Meetings, their occurrences, and the members who are going.
//!
//! The promises:
//!
//! * A meeting's date and wall-clock time in its zone are authoritative; the instant is derived from them.
//! * No more members have a seat than there are seats, however many ask at once.
//! * A member with a seat is reminded. A member who gives his seat back is not. A member who has a seat when the
//!   meeting is called off is notified.
//! * A circle's meeting is visible to the members of the circle only.
//! * The place and the link are shown only to those who are going, and to those who run the meeting.

pub mod model;
pub mod service;
mod store;
