//! The GraphQL kit: what every part of the [schema](crate::schema) shares.

pub mod code;
pub mod connection;
pub mod context;
pub mod cursor;
pub mod errors;
pub mod patch;
pub mod scalars;
pub mod subscription;

pub use context::Context;
pub use errors::{GqlError, GqlResult, Nullable};
