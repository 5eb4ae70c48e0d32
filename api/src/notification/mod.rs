//! Notifications: what members are notified of, and when a push may leave.
//!
//! A notification is written into the [outbox](crate::outbox), in the transaction of the event it announces.
//!
//! Promises:
//!
//! - The policy is applied twice, when deliveries are planned and when they are sent: a push only leaves if it is still
//!   relevant.
//! - The in-app inbox contains every notification, whether or not a push left for it.
//! - The reminder comes at most once a day, at the member's own time on their wall clock. It does not come after a
//!   check-in or in a pause. If the member ignores it, it comes less often, and stops after a fortnight.
//! - In quiet hours a notification is in the inbox immediately, but its push waits until a few minutes after their end,
//!   one push per category, or until the member has to know. Only three kinds ring at night: those at a time the member
//!   set, an answer to the member's own nudge, and a partner whom the member lets wake them.
//! - One member makes another's phone ring only a few times a day with the same kind. Beyond that, notifications are
//!   only in the inbox.

pub mod check;
pub mod delivery;
pub mod inbox;
pub mod plan;
pub mod policy;
pub mod quiet;
mod quiet_store;
mod relevance;
pub mod reminder;
mod reminder_backoff;
mod reminder_store;
mod ring;
pub mod rules_changed;
pub mod store;
pub mod wait;
