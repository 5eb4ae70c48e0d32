//! Opening connections, and whether one that rested may serve again. `deadpool` keeps them.

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

/// A connection that rested for longer is asked whether it is still there.
const RESTED: Duration = Duration::from_secs(30);
/// A connection that rested for longer is closed.
const IDLE: Duration = Duration::from_mins(10);
/// A connection that is older is closed: the server frees then what it has gathered for it.
const OLD: Duration = Duration::from_mins(30);
/// How long the answer to such a question may take.
const PING: Duration = Duration::from_secs(1);

/// Where connections come from. It outlives the places they stand in.
#[derive(Debug)]
pub struct Source {
    pub target: Target,
    pub limits: Limits,
    outage: Outage,
    /// Which connections are still trusted: those that were opened under this number.
    trusted: AtomicU64,
    committed: Mutex<Option<Instant>>,
}

/// What is connected to.
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

    /// A transaction was committed.
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

    /// Trusts no connection any more that rests at the moment.
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
            // Each host has its share of the time.
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
                // A server that is full is there.
                if !is_crowded {
                    attempt.failed(&why, Instant::now());
                }
                Err(why)
            }
        }
    }
}

/// What `deadpool` asks.
#[derive(Debug)]
pub struct Manager(pub Arc<Source>);

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = DbErr;

    async fn create(&self) -> Result<Pooled, DbErr> {
        // On the heap: every request that touches the database would have room for it on its stack.
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
                // What happened to this one happened to those that rested beside it.
                self.0.distrust();
                return Err(RecycleError::message("gone"));
            }
        }
        Ok(())
    }
}
