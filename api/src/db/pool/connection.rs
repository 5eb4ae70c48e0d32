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

/// Runs a query on the connection of either engine.
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

    /// Runs a statement and reads all of its rows, so that the exchange is over and its writes are committed.
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

    /// Opens a transaction. On SQLite it takes the write lock at once, because under load a later upgrade would fail.
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

    /// Checks that the server answers.
    pub async fn ping(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.ping().await,
            Self::Postgres(connection) => connection.ping().await,
        }
    }

    /// Closes the connection after telling the server. Dropping it closes it without telling the server.
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
    /// The writes stay.
    Commit,
    /// The writes are undone.
    Rollback,
}
