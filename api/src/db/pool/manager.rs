//! Opens connections, and decides whether an idle one may be used again. `deadpool` keeps them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use sea_orm::{DbErr, RuntimeErr};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tokio::time::timeout;

use super::connection::Connection;
use super::fault;
use super::limits::Limits;
use super::outage::Outage;
use crate::db::postgres::{Servers, timed_out};

/// A connection that was idle for longer is pinged before it is used.
const RESTED: Duration = Duration::from_secs(30);
/// A connection that was idle for longer is closed.
const IDLE: Duration = Duration::from_mins(10);
/// A connection that is older is closed, so that the server frees the memory it has gathered for it.
const OLD: Duration = Duration::from_mins(30);
/// How long the answer to a ping may take.
const PING: Duration = Duration::from_secs(1);

/// Opens connections. It outlives the places that hold them.
#[derive(Debug)]
pub struct Source {
    pub target: Target,
    pub limits: Limits,
    outage: Outage,
    /// Connections that were opened under this number are trusted, and older ones are not.
    trusted: AtomicU64,
    committed: Mutex<Option<Instant>>,
}

/// The database to connect to.
#[derive(Debug)]
pub enum Target {
    /// A file.
    Sqlite(Box<SqliteConnectOptions>),
    /// One or several hosts.
    Postgres(Servers),
}

/// A connection in the pool.
#[derive(Debug)]
pub struct Pooled {
    pub connection: Connection,
    opened_under: u64,
}

impl Source {
    pub fn new(target: Target, limits: Limits) -> Self {
        Self {
            target,
            limits,
            outage: Outage::default(),
            trusted: AtomicU64::new(0),
            committed: Mutex::default(),
        }
    }

    /// Records that a transaction was committed.
    pub fn committed(&self) {
        *self.last_commit() = Some(Instant::now());
    }

    pub fn committed_within(&self, time: Duration) -> bool {
        self.last_commit().is_some_and(|at| at.elapsed() < time)
    }

    fn last_commit(&self) -> MutexGuard<'_, Option<Instant>> {
        self.committed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops trusting every connection opened so far. Each is closed instead of used again.
    pub fn distrust(&self) {
        self.trusted.fetch_add(1, Ordering::Relaxed);
    }

    pub fn is_trusted(&self, pooled: &Pooled) -> bool {
        pooled.opened_under == self.trusted.load(Ordering::Relaxed)
    }

    async fn open(&self) -> Result<Pooled, DbErr> {
        let attempt = self.outage.attempt(Instant::now())?;
        let opened_under = self.trusted.load(Ordering::Relaxed);
        let opened = match &self.target {
            Target::Sqlite(options) => {
                let opening = timeout(self.limits.connect, SqliteConnection::connect_with(options));
                let opened = opening.await.unwrap_or_else(|_| Err(timed_out()));
                opened.map(Connection::Sqlite)
            }
            // Each host gets its share of the time limit.
            Target::Postgres(servers) => servers.connect().await.map(Connection::Postgres),
        };
        match opened {
            Ok(connection) => {
                attempt.succeeded();
                Ok(Pooled {
                    connection,
                    opened_under,
                })
            }
            Err(why) => {
                let is_crowded = fault::is_crowded(&why);
                let why = DbErr::Conn(RuntimeErr::SqlxError(Arc::new(why)));
                // A server that is full can be reached.
                if !is_crowded {
                    attempt.failed(&why, Instant::now());
                }
                Err(why)
            }
        }
    }
}

/// The callbacks of `deadpool`.
#[derive(Debug)]
pub struct Manager(pub Arc<Source>);

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = DbErr;

    async fn create(&self) -> Result<Pooled, DbErr> {
        // On the heap: otherwise the future of every request that uses the database would hold room for it.
        Box::pin(self.0.open()).await
    }

    async fn recycle(&self, pooled: &mut Pooled, metrics: &Metrics) -> RecycleResult<DbErr> {
        if !self.0.is_trusted(pooled) {
            return Err(RecycleError::message("not trusted any more"));
        }
        if matches!(self.0.target, Target::Sqlite(_)) {
            return Ok(());
        }
        if metrics.age() > OLD || metrics.last_used() > IDLE {
            return Err(RecycleError::message("too old"));
        }
        if metrics.last_used() > RESTED {
            let asked = timeout(PING, Box::pin(pooled.connection.ping())).await;
            if !matches!(asked, Ok(Ok(()))) {
                // The other idle connections are probably gone as well.
                self.0.distrust();
                return Err(RecycleError::message("gone"));
            }
        }
        Ok(())
    }
}
