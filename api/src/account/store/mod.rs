//! The accounts' tables.

pub mod account;
pub mod code;
pub mod limit;
pub mod session;
pub mod sign_up;
