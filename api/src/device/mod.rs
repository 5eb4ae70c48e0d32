//! Devices: where a member's notifications can reach him.
//!
//! Promises:
//!
//! - An address belongs to the member who registered it last. Nothing of its earlier holder goes with it.
//! - An installation of the app has one address at a time.
//! - Signing out removes the device. One exception: a device whose session ends with a change of the passphrase, or
//!   because its refresh token was copied, is still notified of that.
//! - An address is marked dead only while it is still the one that was sent to.
//! - An address is never shown and never logged: it alone links a person to the app.

pub mod model;
pub mod service;
mod store;
