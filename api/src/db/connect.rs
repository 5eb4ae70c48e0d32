//! The handle to the database.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbErr, RuntimeErr};
use tokio::time::{Instant, sleep};

use super::pool::{Limits, Pool, PoolSize, Target};
use super::postgres::Servers;
use super::sqlite;
use crate::config::DatabaseConfig;
use crate::error::Fault;

/// The pause between attempts to reach a database that is starting.
const STARTING: Duration = Duration::from_millis(250);

/// The database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite in a file: the embedded default.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pub(super) pool: Pool,
    engine: Engine,
}

impl Db {
    /// Opens the first connection. An SQLite file must exist ([`make_file`](super::make_file)). A PostgreSQL server
    /// that cannot be reached may be starting: it is tried again for `database.acquire_timeout_seconds`.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, DbErr> {
        let unreadable = |why| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(why)));
        let (engine, target) = match Servers::of(config) {
            Some(servers) => (Engine::Postgres, Target::Postgres(servers)),
            None if config.is_sqlite() => {
                let options = sqlite::options(config).map_err(unreadable)?;
                (Engine::Sqlite, Target::Sqlite(Box::new(options)))
            }
            // The library's error message could repeat the password.
            None => {
                let why = "database.url cannot be read".to_owned();
                return Err(DbErr::Conn(RuntimeErr::Internal(why)));
            }
        };
        let pool = Pool::new(target, Limits::of(config, engine))?;
        let db = Self { pool, engine };
        let until = Instant::now() + Duration::from_secs(config.acquire_timeout_seconds);
        while let Err(why) = db.pool.execute_unprepared("SELECT 1").await {
            let may_pass = engine == Engine::Postgres && Fault::from(why.clone()).is_outage();
            if !may_pass || Instant::now() > until {
                return Err(why);
            }
            sleep(STARTING).await;
        }
        Ok(db)
    }

    /// Returns the engine.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// Returns the pool, for single statements: reads, and writes that are one guarded statement. Never use it inside
    /// [`transact!`](crate::transact): if one connection is left, the transaction waits for itself.
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Moves the write-ahead log of the embedded database into its file and empties it, because its earlier pages still
    /// hold deleted rows. Does nothing while a reader uses those pages.
    pub async fn forget_log(&self) -> Result<(), DbErr> {
        if self.engine == Engine::Sqlite {
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            self.pool.execute_unprepared(checkpoint).await?;
        }
        Ok(())
    }

    /// Returns the number of connections.
    pub fn size(&self) -> PoolSize {
        self.pool.size()
    }

    /// Closes every connection, within some seconds.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
