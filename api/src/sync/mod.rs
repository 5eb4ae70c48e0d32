//! Sync: what has changed of what a member's phone keeps.
//!
//! The promises: a phone that asks with the cursor it was given last is told everything that changed since, in
//! whatever order transactions committed, or to begin anew; each thing once, as it is now; and of what went, or is
//! not there for him any more, nothing but that.
//!
//! Each member has a feed. Whoever changes something that he keeps takes the next numbers of it, in the transaction of
//! the change and as the last thing in it: the feed is held until the commit, so that nobody ever sees a number
//! before all smaller ones. A thing has one row, whose number rises; a feed grows no longer than what its member has.

pub mod cursor;
pub mod model;
pub mod service;
mod store;
