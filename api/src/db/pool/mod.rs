//! The connection pool: `deadpool` keeps the connections, `sqlx` speaks the protocols, and `SeaORM`'s statements and
//! rows go through [`ConnectionTrait`]. The rules are our own:
//!
//! - A connection returns to the pool only after an answer and outside a transaction. Otherwise it is closed
//!   ([`lease`]).
//! - Every exchange and every wait has a time limit ([`limits`]).
//! - Some places are reserved for readers. On SQLite one writer runs at a time, in the order of requests.
//! - If nothing is answered while requests wait, all places and their connections are replaced ([`silence`]).
//! - While the database is known to be unreachable, requests fail at once ([`outage`]).

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

/// Whether a connection is needed for reading or for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Read,
    Write,
}

impl Pool {
    /// Creates the pool. Opens no connection yet.
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

    /// Waits for a connection. The future is boxed because it is large and part of every request.
    fn lease(&self, purpose: Purpose) -> BoxFuture<'_, Result<Lease, DbErr>> {
        Box::pin(self.0.places.lease(purpose))
    }

    /// Returns the number of connections.
    pub fn size(&self) -> PoolSize {
        self.0.places.size()
    }

    /// Whether a transaction was committed within this time.
    pub(super) fn committed_within(&self, time: std::time::Duration) -> bool {
        self.0.source.committed_within(time)
    }

    /// Returns the database that the pool connects to.
    pub(super) fn target(&self) -> &Target {
        &self.0.source.target
    }

    /// Opens a write transaction. A connection that turns out to be dead is replaced once, since no statement was sent
    /// on it.
    pub(crate) async fn begin(&self) -> Result<Transaction, DbErr> {
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

/// Whether an idle connection was closed meanwhile. That is known at once, so a timeout is not a sign of it.
fn is_dead(why: &sqlx::Error) -> bool {
    let in_time =
        !matches!(why, sqlx::Error::Io(why) if why.kind() == std::io::ErrorKind::TimedOut);
    in_time && ends_connection(why)
}

/// Returns the purpose of a statement outside a transaction, by its first word. An unknown statement may write.
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
