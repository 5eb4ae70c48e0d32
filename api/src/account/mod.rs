//! Accounts: signing up and in, devices, and deletion.
//!
//! Promises:
//!
//! - Nothing tells a stranger whether an address has an account. The answers and the work are the same, and mail goes
//!   only to the address itself.
//! - A code works once.
//! - A refresh token works once, with one exception: a phone that lost the answer may ask again until it has used the
//!   new tokens. A token that comes back later was stolen, and ends its session.
//! - A deletion can be undone until its day. Then the account is gone.
//!
//! Mail is sent at least once. If a worker dies after it sent a letter and before it recorded that, the letter is sent
//! again, with the same code in it.

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
