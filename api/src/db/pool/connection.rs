//! One connection to either engine, with `SeaORM`'s statements and rows.

use sea_orm::{ExecResult, QueryResult, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection as _, Error, Executor as _, PgConnection, SqliteConnection};

/// A connection that is open.
#[derive(Debug)]
pub enum Connection {
    /// SQLite.
    Sqlite(SqliteConnection),
    /// PostgreSQL.
    Postgres(PgConnection),
}

/// Runs a query on whichever connection there is.
macro_rules! run {
    ($self:expr, $stmt:expr, $method:ident) => {{
        let Statement { sql, values, .. } = $stmt;
        let values = SqlxValues(values.unwrap_or(Values(Vec::new())));
        match $self {
            Connection::Sqlite(connection) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), values);
                query.$method(connection).await.map(Into::into)
            }
            Connection::Postgres(connection) => {
                let query = sqlx::query_with(AssertSqlSafe(sql), values);
                query.$method(connection).await.map(Into::into)
            }
        }
    }};
}

/// Rows of either engine.
struct Rows(Vec<QueryResult>);

impl<R: Into<QueryResult>> From<Vec<R>> for Rows {
    fn from(rows: Vec<R>) -> Self {
        Self(rows.into_iter().map(Into::into).collect())
    }
}

impl Connection {
    /// Runs a statement.
    pub async fn execute(&mut self, stmt: Statement) -> Result<ExecResult, Error> {
        run!(self, stmt, execute)
    }

    /// Runs a statement and reads its rows, all of them: the exchange is over then, and what was written is committed.
    pub async fn query(&mut self, stmt: Statement) -> Result<Vec<QueryResult>, Error> {
        let rows: Result<Rows, Error> = run!(self, stmt, fetch_all);
        rows.map(|rows| rows.0)
    }

    /// Runs one or several statements without values.
    pub async fn run(&mut self, sql: String) -> Result<ExecResult, Error> {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(Into::into),
            Self::Postgres(connection) => connection.execute(sql).await.map(Into::into),
        }
    }

    /// Opens a transaction. On SQLite it takes the write lock at once: under load a later upgrade would be refused.
    pub async fn begin(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.execute("BEGIN IMMEDIATE").await.map(drop),
            Self::Postgres(connection) => connection.execute("BEGIN").await.map(drop),
        }
    }

    /// Ends a transaction.
    pub async fn end(&mut self, how: End) -> Result<(), Error> {
        let sql = match how {
            End::Commit => "COMMIT",
            End::Rollback => "ROLLBACK",
        };
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(drop),
            Self::Postgres(connection) => connection.execute(sql).await.map(drop),
        }
    }

    /// Asks whether somebody is there.
    pub async fn ping(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.ping().await,
            Self::Postgres(connection) => connection.ping().await,
        }
    }

    /// Takes leave. A connection that is dropped is closed too, without a word.
    pub async fn close(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// What was written stays.
    Commit,
    /// What was written is undone.
    Rollback,
}
