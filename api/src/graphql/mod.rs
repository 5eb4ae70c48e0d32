//! The GraphQL layer: what every domain's `graphql.rs` shares.

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
