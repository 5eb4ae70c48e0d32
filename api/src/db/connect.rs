//! Connecting, with the settings each engine needs.

use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, DbErr,
};
use secrecy::ExposeSecret as _;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

use super::stats;
use crate::config::DatabaseConfig;

/// Which database stands behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite in a file: the embedded default.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The pool of connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pub(super) pool: DatabaseConnection,
    engine: Engine,
}

/// The connections of a pool at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSize {
    /// In use and idle.
    pub open: u32,
    /// Waiting for work.
    pub idle: u32,
}

impl Db {
    /// Opens the pool. An SQLite file that is not there is made; its schema is another matter.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(config.url.expose_secret());
        options
            .max_connections(config.max_connections)
            .min_connections(1)
            .acquire_timeout(Duration::from_secs(config.acquire_timeout_seconds))
            .sqlx_logging(false)
            // A test on every acquisition costs a fifth of the server's processor time.
            .test_before_acquire(false)
            .test_before_acquire_if_idle_for(Duration::from_secs(30))
            .map_sqlx_sqlite_opts(|options| {
                options
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    // What is deleted is overwritten: members who leave leave nothing behind in the file.
                    .pragma("secure_delete", "ON")
                    .busy_timeout(Duration::from_secs(10))
            })
            .map_sqlx_postgres_opts(|options| {
                options.application_name("belay").options([
                    // Who has waited for a row reads what was committed meanwhile, whatever the database or
                    // the user is set to.
                    ("default_transaction_isolation", "read committed"),
                    // Planning a list anew for each LIMIT costs more than a plan that fits all.
                    ("plan_cache_mode", "force_generic_plan"),
                    ("timezone", "UTC"),
                ])
            });
        let mut pool = Database::connect(options).await?;
        pool.set_metric_callback(|info| stats::record(info.elapsed));
        let engine = match pool.get_database_backend() {
            DbBackend::Sqlite => Engine::Sqlite,
            _ => Engine::Postgres,
        };
        Ok(Self { pool, engine })
    }

    /// Which engine this is.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// For single statements: reads, and writes that are one guarded statement. Never use it inside
    /// [`transact!`](crate::transact): with one connection left that waits for itself.
    pub const fn pool(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// Moves what the write-ahead log of the embedded database holds into its file and empties it: what was deleted
    /// stands there in earlier pages. While somebody reads those it is left for the next time.
    pub async fn forget_log(&self) -> Result<(), DbErr> {
        if self.engine == Engine::Sqlite {
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            self.pool.execute_unprepared(checkpoint).await?;
        }
        Ok(())
    }

    /// How many connections there are.
    pub fn size(&self) -> PoolSize {
        let (open, idle) = match self.engine {
            Engine::Sqlite => {
                let pool = self.pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
            Engine::Postgres => {
                let pool = self.pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
        };
        PoolSize {
            open,
            idle: u32::try_from(idle).unwrap_or(u32::MAX),
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        // Closing can only fail for a pool that is not one.
        let _ = self.pool.close_by_ref().await;
    }
}
