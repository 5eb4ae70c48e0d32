//! Accounts: who may sign in, from which devices, and how he leaves.
//!
//! The promises: nothing tells a stranger whether an address has an account — the same answers, the
//! same work, and mail only to the address itself. A code works once. A refresh token works once,
//! except that a phone that lost the answer may ask again for a moment; one that comes back later was
//! stolen, and ends its session. A deleted account can be had back until its day, then it is gone.

pub mod roles;
pub mod token;
pub mod viewer;

pub use viewer::{SignedIn, Viewer};
