//! Connections that are shared, by rules of our own: `deadpool` keeps them, `sqlx` speaks, and `SeaORM`'s statements and
//! rows go through [`ConnectionTrait`].
//!
//! - A connection goes back only after an answer and outside a transaction; what else happened, it is closed ([`lease`]).
//! - Every exchange and every wait ends by itself ([`limits`]).
//! - Writers leave places to those who read; on SQLite one writes at a time, in the order of asking.
//! - When nothing is answered and requests wait, there are new places, with new connections ([`silence`]).
//! - While the database is known to be away, the answer comes at once ([`outage`]).

mod close;
mod connection;
mod fault;
mod lease;
mod limits;
mod manager;
mod outage;
mod places;
mod silence;
mod transaction;

use std::sync::Arc;

use futures::future::BoxFuture;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::time::Instant;

pub use limits::Limits;
pub use manager::Target;
pub use places::PoolSize;
pub use transaction::Transaction;

use super::stats;
use fault::ends_connection;
use lease::{Lease, of_query};
use manager::Source;
use places::Places;

/// The shared connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    backend: DbBackend,
    source: Arc<Source>,
    places: Places,
}

/// What a connection is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Read,
    Write,
}

impl Pool {
    /// Opens nothing yet.
    pub(super) fn new(target: Target, limits: Limits) -> Result<Self, DbErr> {
        let backend = match target {
            Target::Sqlite(_) => DbBackend::Sqlite,
            Target::Postgres(_) => DbBackend::Postgres,
        };
        let source = Arc::new(Source::new(target, limits));
        Ok(Self(Arc::new(Inner {
            backend,
            places: Places::new(Arc::clone(&source))?,
            source,
        })))
    }

    /// Waits for a connection, in a future on the heap: it is large, and stands in every request.
    fn lease(&self, purpose: Purpose) -> BoxFuture<'_, Result<Lease, DbErr>> {
        Box::pin(self.0.places.lease(purpose))
    }

    /// How many connections there are.
    pub fn size(&self) -> PoolSize {
        self.0.places.size()
    }

    /// Whether a transaction was committed not longer ago than this.
    pub(super) fn committed_within(&self, time: std::time::Duration) -> bool {
        self.0.source.committed_within(time)
    }

    /// What is connected to.
    pub(super) fn target(&self) -> &Target {
        &self.0.source.target
    }

    /// Opens a write transaction. A connection that turns out to be dead is replaced once: nothing was asked of it yet.
    pub(super) async fn begin(&self) -> Result<Transaction, DbErr> {
        let mut again = true;
        loop {
            let mut lease = self.lease(Purpose::Write).await?;
            match lease.begin().await {
                Ok(()) => return Ok(Transaction::new(self.0.backend, lease)),
                Err(why) if again && is_dead(&why) => again = false,
                Err(why) => return Err(of_query(why)),
            }
        }
    }
}

/// Whether a connection that rested was closed meanwhile, which is known at once.
fn is_dead(why: &sqlx::Error) -> bool {
    let in_time =
        !matches!(why, sqlx::Error::Io(why) if why.kind() == std::io::ErrorKind::TimedOut);
    in_time && ends_connection(why)
}

/// What a statement outside a transaction is for, by its first word. What is unknown may write.
fn purpose(sql: &str) -> Purpose {
    let first = sql.split_whitespace().next().unwrap_or_default();
    let reads = ["SELECT", "WITH", "VALUES", "SHOW", "EXPLAIN", "PRAGMA"];
    if reads.iter().any(|word| first.eq_ignore_ascii_case(word)) {
        Purpose::Read
    } else {
        Purpose::Write
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.0.backend
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease(purpose(&stmt.sql)).await?;
        let began = Instant::now();
        let answer = lease.execute(stmt).await;
        stats::record(began.elapsed());
        answer
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut lease = self.lease(purpose(sql)).await?;
        lease.run(sql.to_owned()).await
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(stmt).await?.into_iter().next())
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut lease = self.lease(purpose(&stmt.sql)).await?;
        let began = Instant::now();
        let answer = lease.query(stmt).await;
        stats::record(began.elapsed());
        answer
    }
}
