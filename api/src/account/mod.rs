//! Accounts: who may sign in, from which devices, and how he leaves.
//!
//! The promises: nothing tells a stranger whether an address has an account — the same answers, the
//! same work, and mail only to the address itself. A code works once. A refresh token works once, except that a
//! phone that lost the answer may ask again until it has used what it asks for; one that comes back later was
//! stolen, and ends its session. A deleted account can be had back until its day, then it is gone.
//!
//! Mail is sent at least once: a worker that dies between sending and saying so leaves a letter that
//! is sent again, with the same code in it.

pub mod code;
pub mod confirmations;
pub mod dashboard;
pub mod device_key;
mod email;
pub mod erasures;
pub mod jobs;
pub mod limits;
pub mod model;
mod refresh;
pub mod revocations;
pub mod service;
mod store;
pub mod token;
pub mod undo_code;

pub(crate) use device_key::DeviceKey;
pub use email::Email;
pub use limits::network;
