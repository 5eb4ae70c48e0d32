//! The GraphQL side of the service: what every domain's `graphql.rs` shares.

pub mod code;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod connection;
pub mod context;
pub mod cursor;
pub mod edges;
pub mod errors;
pub mod input_types;
pub mod me;
pub mod node;
pub mod node_query;
pub mod patch;
pub mod scalars;
pub mod schema;
pub mod subscription;
pub mod validation;

pub use context::Context;
pub use errors::{GqlError, GqlResult, Nullable};
pub use me::Me;
pub use schema::{BelaySchema, build};
