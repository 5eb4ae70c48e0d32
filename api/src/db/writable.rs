//! Whether the database takes a write: a standby, a database that was set read-only and a full disk all answer.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use super::{Db, Engine};

/// What was committed this lately shows that the database takes writes.
const LATELY: Duration = Duration::from_secs(1);

/// Returns whether the database takes writes. Writes no row: on SQLite it writes the version number in the head of the
/// file once more, since nothing but a commit finds out that the disk is full.
pub async fn takes_writes(db: &Db) -> Result<bool, DbErr> {
    match db.engine() {
        Engine::Postgres => {
            // Also "on" on a standby.
            let show = Statement::from_string(
                db.pool.get_database_backend(),
                "SHOW transaction_read_only",
            );
            let row = db.pool.query_one_raw(show).await?;
            let read_only: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
            Ok(read_only.as_deref() == Some("off"))
        }
        Engine::Sqlite => {
            if db.pool.committed_within(LATELY) {
                return Ok(true);
            }
            let version =
                Statement::from_string(db.pool.get_database_backend(), "PRAGMA user_version");
            let tx = db.pool.begin().await?;
            let row = tx.query_one_raw(version).await?;
            let version: i32 = row
                .map(|row| row.try_get_by_index(0))
                .transpose()?
                .unwrap_or(0);
            tx.execute_unprepared(&format!("PRAGMA user_version = {version}"))
                .await?;
            tx.commit().await?;
            Ok(true)
        }
    }
}
