//! Migration of the schema, by one process at a time.

use std::time::Duration;

pub use migration::{Fit, State as SchemaState, has_table};
use migration::{Migrator, MigratorTrait as _};
use sea_orm::{DatabaseConnection, DbErr, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

use super::occupation::lock_file;
use super::pool::Target;
use super::postgres::Servers;
use super::{Db, sqlite};
use crate::config::DatabaseConfig;
use crate::error::Fault;

/// Why the schema could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A step failed, or the database cannot be reached.
    #[error("the schema could not be changed: {0}")]
    Step(#[from] DbErr),
    /// The migration lock could not be taken.
    #[error("the migration lock could not be taken: {0}")]
    Lock(String),
}

/// The key of the advisory lock: "belay" in ASCII, which nothing else on the database uses.
const ADVISORY_LOCK: i64 = 0x62_65_6c_61_79;
/// The pause between attempts to take the lock while another process migrates.
const LOCKED: Duration = Duration::from_millis(250);
/// How long one attempt to take the lock may take, and how long closing a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause before a step that timed out waiting for a table is tried again. Statements that queued behind it run
/// meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
const TRIES: u32 = 10;

/// Returns the names of the pending steps. Changes nothing.
pub async fn pending(db: &Db) -> Result<Vec<String>, DbErr> {
    migration::pending(&db.pool).await
}

/// Returns the state of the schema, also if a newer program has migrated it further. Changes nothing.
pub async fn schema_state(db: &Db) -> Result<SchemaState, DbErr> {
    migration::state(&db.pool).await
}

/// Takes every pending step under a lock that makes other processes wait: an advisory lock on PostgreSQL, a lock on a
/// file beside the database on SQLite. Returns the names of the steps taken.
pub async fn migrate(db: &Db, config: &DatabaseConfig) -> Result<Vec<String>, MigrateError> {
    match db.pool.target() {
        Target::Postgres(servers) => {
            // The lock belongs to its connection, which runs nothing else.
            let lock_fault =
                |fault: sqlx::Error| MigrateError::Lock(config.without_secrets(&fault.to_string()));
            let holder = locked(servers).await.map_err(lock_fault)?;
            let taken = take_steps(db, || on_postgres(servers)).await;
            let _ = timeout(PATIENCE, holder.close()).await;
            taken
        }
        Target::Sqlite(_) => match config.sqlite_path() {
            None => take_steps(db, || on_sqlite(config)).await,
            Some(path) => {
                let lock = tokio::task::spawn_blocking(move || {
                    let file = lock_file(&path, "lock")?;
                    file.lock()?;
                    std::io::Result::Ok(file)
                });
                let lock_fault =
                    |fault: &dyn std::fmt::Display| MigrateError::Lock(fault.to_string());
                let lock = lock
                    .await
                    .map_err(|fault| lock_fault(&fault))?
                    .map_err(|fault| lock_fault(&fault))?;
                let taken = take_steps(db, || on_sqlite(config)).await;
                drop(lock);
                taken
            }
        },
    }
}

/// Returns a connection that holds the lock. Waits for as long as another process migrates, but not for a server that
/// does not answer.
async fn locked(servers: &Servers) -> Result<PgConnection, sqlx::Error> {
    let mut holder = servers.connect().await?;
    loop {
        let asked = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(ADVISORY_LOCK)
            .fetch_one(&mut holder);
        let asked = timeout(PATIENCE, asked).await;
        let is_ours: bool = asked.unwrap_or_else(|_| Err(super::postgres::timed_out()))?;
        if is_ours {
            return Ok(holder);
        }
        sleep(LOCKED).await;
    }
}

async fn take_steps(
    db: &Db,
    connect: impl Fn() -> Result<DatabaseConnection, DbErr>,
) -> Result<Vec<String>, MigrateError> {
    let steps = pending(db).await?;
    if steps.is_empty() {
        return Ok(steps);
    }
    let connection = connect()?;
    let mut tries = 1;
    let taken = loop {
        match Migrator::up(&connection, None).await {
            // Each step is its own transaction: finished steps stay.
            Err(why) if tries < TRIES && Fault::from(why.clone()).is_transient() => {
                tracing::warn!(tries, "a table is in use: the step is tried again");
                sleep(PAUSE * tries).await;
                tries += 1;
            }
            taken => break taken,
        }
    };
    let _ = timeout(PATIENCE, connection.close()).await;
    taken?;
    Ok(steps)
}

/// Connects with `SeaORM`'s own connection, because its migrations accept no other. Statements have no time limit here.
/// The wait for a lock keeps its limit, because all other statements would queue behind it.
fn on_postgres(servers: &Servers) -> Result<DatabaseConnection, DbErr> {
    let host = servers.last_good();
    let host = host.ok_or_else(|| DbErr::Custom("no host".to_owned()))?;
    let options = host.options([("statement_timeout", "0")]);
    let pool = PgPoolOptions::new().max_connections(1);
    let pool = pool.connect_lazy_with(options);
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

fn on_sqlite(config: &DatabaseConfig) -> Result<DatabaseConnection, DbErr> {
    let options = sqlite::options(config).map_err(|why| DbErr::Custom(why.to_string()))?;
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect_lazy_with(options);
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}
