//! Nudges: what a member is told, when, and what policy has to say about it.
//!
//! The promises: a notification is written in the transaction of what it tells, so that neither is ever
//! without the other; it is told once; and at the moment of sending it is asked again whether it is
//! still wanted. The in-app inbox is the same list, whether a push left for it or not. A reminder comes once
//! a day at the member's own time on his own wall clock, not when he has checked in already or has paused, less often
//! when he lets it pass, and after a fortnight no more. In a member's quiet hours the line is in his inbox at once, and the
//! push waits: until some minutes after their end, one for each category, or until it has to be known. Only what comes at
//! a time he set himself, an answer to his own nudge, and a partner he lets wake him, ring at night. One member makes another's phone ring a few
//! times a day by the same kind; what goes beyond that is in the inbox.

mod between_partners;
pub mod inbox;
pub mod model;
mod patience;
pub mod plan;
pub mod quiet;
mod quiet_store;
pub mod reminder;
mod reminder_store;
pub mod rules_changed;
pub mod service;
mod still_wanted;
pub mod store;

pub use service::Announcement;
