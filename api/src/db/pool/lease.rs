//! A connection on loan from the pool. It returns only in a known state: each exchange ended with an answer, and no
//! transaction is open. Otherwise it is closed.

use std::sync::Arc;
use std::time::Instant;

use deadpool::managed::Object;
use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sqlx::Error;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::connection::{Connection, End};
use super::fault;
use super::manager::{Manager, Source};
use super::silence::Silence;
use crate::db::postgres::timed_out;

/// A connection on loan, until this is dropped.
#[derive(Debug)]
pub struct Lease {
    object: Option<Object<Manager>>,
    source: Arc<Source>,
    silence: Arc<Silence>,
    /// Whether an exchange began and no answer came. The next answer on the connection may then belong to another
    /// statement.
    unfinished: bool,
    in_transaction: bool,
    /// The write permit. It is released after the connection.
    _writer: Option<OwnedSemaphorePermit>,
}

impl Lease {
    pub fn new(
        object: Object<Manager>,
        source: Arc<Source>,
        silence: Arc<Silence>,
        writer: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            object: Some(object),
            source,
            silence,
            unfinished: false,
            in_transaction: false,
            _writer: writer,
        }
    }

    pub async fn execute(&mut self, stmt: Statement) -> Result<ExecResult, DbErr> {
        let limit = self.source.limits.exchange;
        let connection = self.asking()?;
        let answer = timeout(limit, connection.execute(stmt)).await;
        self.answered(answer).map_err(of_execution)
    }

    pub async fn query(&mut self, stmt: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let limit = self.source.limits.exchange;
        let connection = self.asking()?;
        let answer = timeout(limit, connection.query(stmt)).await;
        self.answered(answer).map_err(of_query)
    }

    pub async fn run(&mut self, sql: String) -> Result<ExecResult, DbErr> {
        let limit = self.source.limits.exchange;
        let connection = self.asking()?;
        let answer = timeout(limit, connection.run(sql)).await;
        self.answered(answer).map_err(of_execution)
    }

    pub async fn begin(&mut self) -> Result<(), Error> {
        let limit = self.source.limits.exchange;
        let Ok(connection) = self.asking() else {
            return Err(Error::WorkerCrashed);
        };
        let answer = timeout(limit, Box::pin(connection.begin())).await;
        // Set even after an error: BEGIN may have failed halfway.
        self.in_transaction = true;
        self.answered(answer)
    }

    pub async fn end(&mut self, how: End) -> Result<(), DbErr> {
        let limit = self.source.limits.exchange;
        let connection = self.asking()?;
        let answer = timeout(limit, Box::pin(connection.end(how))).await;
        let answer = self.answered(answer);
        match &answer {
            Ok(()) => {
                self.in_transaction = false;
                if matches!(how, End::Commit) {
                    self.source.committed();
                }
            }
            Err(_) => self.discard(),
        }
        answer.map_err(of_query)
    }

    /// Whether the connection was closed.
    pub const fn is_over(&self) -> bool {
        self.object.is_none()
    }

    fn asking(&mut self) -> Result<&mut Connection, DbErr> {
        // The last exchange was cancelled: its answer may still come and be taken for the next one.
        if self.unfinished {
            self.discard();
        }
        let Some(object) = &mut self.object else {
            let why = "the connection was closed";
            return Err(DbErr::Conn(RuntimeErr::Internal(why.to_owned())));
        };
        self.unfinished = true;
        self.silence.asked(Instant::now());
        Ok(&mut object.connection)
    }

    fn answered<T>(
        &mut self,
        answer: Result<Result<T, Error>, tokio::time::error::Elapsed>,
    ) -> Result<T, Error> {
        let in_time = answer.is_ok();
        let answer = answer.unwrap_or_else(|_| Err(timed_out()));
        if !in_time {
            // The exchange stays unfinished, as if the caller was cancelled: the answer may still come.
            self.source.distrust();
            self.discard();
            return answer;
        }
        self.unfinished = false;
        self.silence.over(true, Instant::now());
        if let Err(why) = &answer {
            if fault::doubts_host(why) {
                self.source.distrust();
            }
            if fault::ends_connection(why) {
                self.discard();
            }
        }
        answer
    }

    /// Closes the connection without telling the server, which may not answer.
    fn discard(&mut self) {
        if std::mem::take(&mut self.unfinished) {
            self.silence.over(false, Instant::now());
        }
        if let Some(object) = self.object.take() {
            metrics::counter!("belay_db_connections_given_up_total").increment(1);
            drop(Object::take(object));
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let is_trusted = |object: &Object<Manager>| self.source.is_trusted(object);
        let is_stale = self
            .object
            .as_ref()
            .is_some_and(|object| !is_trusted(object));
        if self.unfinished || self.in_transaction || is_stale {
            self.discard();
        }
    }
}

fn of_execution(why: Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(Arc::new(why)))
}

pub fn of_query(why: Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(Arc::new(why)))
}
