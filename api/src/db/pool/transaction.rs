//! A write transaction on one connection.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

use super::connection::End;
use super::lease::Lease;
use crate::db::stats;

/// An open transaction. Dropping it before its end closes its connection, which rolls it back.
#[derive(Debug)]
pub struct Transaction {
    backend: DbBackend,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    lease: Lease,
    /// Whether a statement failed. PostgreSQL would then answer a commit with a rollback, and SQLite may have rolled
    /// back.
    failed: bool,
}

impl Transaction {
    /// Wraps a lease that has begun a transaction.
    pub(super) fn new(backend: DbBackend, lease: Lease) -> Self {
        let inner = Inner {
            lease,
            failed: false,
        };
        Self {
            backend,
            inner: Mutex::new(inner),
        }
    }

    /// Commits. If a statement failed, rolls back and returns an error.
    pub async fn commit(self) -> Result<(), DbErr> {
        let Inner { mut lease, failed } = self.inner.into_inner();
        if failed {
            if !lease.is_over() {
                lease.end(End::Rollback).await?;
            }
            let why = "the transaction cannot be committed, because a statement failed";
            return Err(DbErr::Custom(why.to_owned()));
        }
        lease.end(End::Commit).await
    }

    /// Rolls back.
    pub async fn rollback(self) -> Result<(), DbErr> {
        let Inner { mut lease, .. } = self.inner.into_inner();
        if lease.is_over() {
            // The transaction ended with its connection.
            return Ok(());
        }
        lease.end(End::Rollback).await
    }

    async fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().await
    }
}

impl Inner {
    fn noted<T>(&mut self, answer: Result<T, DbErr>) -> Result<T, DbErr> {
        self.failed |= answer.is_err();
        answer
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.backend
    }

    async fn execute_raw(&self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let mut inner = self.inner().await;
        let began = Instant::now();
        let answer = inner.lease.execute(stmt).await;
        stats::record(began.elapsed());
        inner.noted(answer)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut inner = self.inner().await;
        let answer = inner.lease.run(sql.to_owned()).await;
        inner.noted(answer)
    }

    async fn query_one_raw(&self, stmt: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(stmt).await?.into_iter().next())
    }

    async fn query_all_raw(&self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut inner = self.inner().await;
        let began = Instant::now();
        let answer = inner.lease.query(stmt).await;
        stats::record(began.elapsed());
        inner.noted(answer)
    }
}
