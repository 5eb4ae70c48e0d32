//! Commitments: what a man means to do, once or every week, and how it went.
//!
//! The promises: nothing here is a failure. What was not done is answered so, carried over to a later day, or left
//! alone, and nobody counts it. A day is the member's own, through clock changes and travel. The partner whom he names
//! sees it for as long as he names him and both are partners, reads and changes nothing, and may ask how it went: he is
//! told once of each day that was due, the day after, and not of one that was carried over or lay in a pause.
//!
//! What is due follows from the plan and from what is kept of single days (`model`). The words are encrypted where
//! they are kept.

pub mod model;
pub mod service;
mod store;
