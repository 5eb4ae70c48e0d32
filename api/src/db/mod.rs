//! The database: SQLite in a file for one small server, PostgreSQL for everything else, behind one handle that counts
//! statements.

mod connect;
pub mod due;
pub mod leased;
mod migrate;
mod occupation;
mod page;
mod pool;
mod postgres;
mod slice;
mod sqlite;
mod stats;
mod writable;

pub use connect::{Db, Engine};
pub use migrate::{Fit, MigrateError, SchemaState, has_table, migrate, pending, schema_state};
pub use occupation::{Occupation, OccupationError, Part, occupy};
pub use page::Sorted;
pub use pool::{Pool, PoolSize, Transaction};
pub use slice::{SLICE, delete_slice};
pub use sqlite::make_file;
pub use stats::{Stats, StatsSnapshot};
pub use writable::{Writes, takes_writes};
