//! Nudges: what a member is told, when, and what policy has to say about it.
//!
//! The promises: a notification is written in the transaction of what it tells, so that neither is ever
//! without the other; it is told once; and at the moment of sending it is asked again whether it is
//! still wanted.

pub mod service;

pub use service::Announcement;
