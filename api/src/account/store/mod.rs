//! The accounts' tables.

pub mod account;
pub mod code;
pub mod email_change;
pub mod limit;
pub mod network;
pub mod session;
pub mod sign_up;
pub mod terms;
