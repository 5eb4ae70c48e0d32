//! Whether the database takes a write: a standby, a database that was set read-only and a full disk all answer.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use super::pool::Target;
use super::{Db, Engine};
use crate::error::Fault;

/// What was committed this lately shows that the database takes writes.
const LATELY: Duration = Duration::from_secs(1);

/// Less space than this on the disk of an embedded database is none: what the write-ahead log has room for still succeeds
/// now and then, and the next write that is a little larger fails.
const LEAST_SPACE: u64 = 1 << 20;

/// Whether writes succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// They do.
    Taken,
    /// It is a standby, or was set read-only.
    Refused,
    /// There is no space for them.
    DiskFull,
}

/// Returns whether the database takes writes. Writes no row: on SQLite it writes the version number in the head of the
/// file once more, since nothing but a commit finds out that the disk is full.
pub async fn takes_writes(db: &Db) -> Result<Writes, DbErr> {
    match db.engine() {
        Engine::Postgres => {
            // Also "on" on a standby.
            let show = Statement::from_string(
                db.pool.get_database_backend(),
                "SHOW transaction_read_only",
            );
            let row = db.pool.query_one_raw(show).await?;
            let read_only: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
            Ok(match read_only.as_deref() {
                Some("off") => Writes::Taken,
                _ => Writes::Refused,
            })
        }
        Engine::Sqlite if lacks_space(db) => Ok(Writes::DiskFull),
        Engine::Sqlite if db.pool.committed_within(LATELY) => Ok(Writes::Taken),
        Engine::Sqlite => match write_version(db).await {
            Ok(()) => Ok(Writes::Taken),
            Err(why) if Fault::from(why.clone()).is_disk_full() => Ok(Writes::DiskFull),
            Err(why) => Err(why),
        },
    }
}

/// Whether the disk of an embedded database is as good as full. One that cannot be asked is left to the write.
fn lacks_space(db: &Db) -> bool {
    let Target::Sqlite(options) = db.pool.target() else {
        return false;
    };
    let disk = rustix::fs::statvfs(options.get_filename());
    disk.is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < LEAST_SPACE)
}

async fn write_version(db: &Db) -> Result<(), DbErr> {
    let version = Statement::from_string(db.pool.get_database_backend(), "PRAGMA user_version");
    let tx = db.pool.begin().await?;
    let row = tx.query_one_raw(version).await?;
    let version: i32 = row
        .map(|row| row.try_get_by_index(0))
        .transpose()?
        .unwrap_or(0);
    tx.execute_unprepared(&format!("PRAGMA user_version = {version}"))
        .await?;
    tx.commit().await
}
