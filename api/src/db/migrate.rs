//! Bringing the schema up to date, one process at a time.

pub use migration::State as SchemaState;
use migration::{Migrator, MigratorTrait as _};
use sea_orm::DbErr;
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, PgConnection};

use super::{Db, Engine};
use crate::config::DatabaseConfig;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A step failed, or the database is away.
    #[error("the schema could not be changed: {0}")]
    Step(#[from] DbErr),
    /// The lock that keeps others away could not be had.
    #[error("the migration lock could not be taken: {0}")]
    Lock(String),
}

/// "belay" in ASCII: any number will do that nothing else on the database uses.
const ADVISORY_LOCK: i64 = 0x62_65_6c_61_79;

/// The steps this database has yet to take, by name. Changes nothing.
pub async fn pending(db: &Db) -> Result<Vec<String>, DbErr> {
    migration::pending(&db.pool).await
}

/// How far this database has come, also when a newer program has taken it further. Changes nothing.
pub async fn schema_state(db: &Db) -> Result<SchemaState, DbErr> {
    migration::state(&db.pool).await
}

/// Takes every pending step, under a lock that makes other processes wait: an advisory lock on
/// PostgreSQL, a lock on a file beside the database on SQLite. Returns the names of the steps taken.
pub async fn migrate(db: &Db, config: &DatabaseConfig) -> Result<Vec<String>, MigrateError> {
    match db.engine() {
        Engine::Postgres => {
            // The lock belongs to its connection, so it gets one that no pool hands to others.
            let lock_fault = |fault: sqlx::Error| MigrateError::Lock(fault.to_string());
            let mut holder = PgConnection::connect(config.url.expose_secret())
                .await
                .map_err(lock_fault)?;
            sqlx::query("SELECT pg_advisory_lock($1)")
                .bind(ADVISORY_LOCK)
                .execute(&mut holder)
                .await
                .map_err(lock_fault)?;
            let taken = take_steps(db).await;
            holder.close().await.map_err(lock_fault)?;
            taken
        }
        Engine::Sqlite => match config.sqlite_path() {
            None => take_steps(db).await,
            Some(path) => {
                let lock = tokio::task::spawn_blocking(move || {
                    let file = std::fs::File::create(path.with_added_extension("lock"))?;
                    file.lock()?;
                    std::io::Result::Ok(file)
                });
                let lock_fault =
                    |fault: &dyn std::fmt::Display| MigrateError::Lock(fault.to_string());
                let lock = lock
                    .await
                    .map_err(|fault| lock_fault(&fault))?
                    .map_err(|fault| lock_fault(&fault))?;
                let taken = take_steps(db).await;
                drop(lock);
                taken
            }
        },
    }
}

async fn take_steps(db: &Db) -> Result<Vec<String>, MigrateError> {
    let steps = pending(db).await?;
    if !steps.is_empty() {
        Migrator::up(&db.pool, None).await?;
    }
    Ok(steps)
}
