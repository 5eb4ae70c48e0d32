//! Devices: where a member's nudges can reach him.
//!
//! The promises: an address belongs to the man who registered it last, and nothing of the one who held it
//! before goes with it; an installation of the app has one address at a time; signing out takes the device
//! with it, except that a device whose session ends with a change of the passphrase is told so; an address is only ever taken for dead while it is still the one that was sent to. An address
//! is never shown back and never logged: it alone links a person to the app.

pub mod model;
pub mod service;
mod store;
