//! Checks whether the database accepts writes: a standby, a read-only database and one with a full disk still answer
//! reads.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use super::pool::Target;
use super::{Db, Engine};
use crate::error::Fault;

/// A commit within this time shows that the database accepts writes.
const LATELY: Duration = Duration::from_secs(1);

/// With less space than this in bytes, the disk of an embedded database counts as full: writes that fit into the
/// write-ahead log still succeed now and then, but a slightly larger one fails.
const LEAST_SPACE: u64 = 1 << 20;

/// Whether writes succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// Writes succeed.
    Taken,
    /// The database is a standby, or was set read-only.
    Refused,
    /// The disk has no space left.
    DiskFull,
}

/// Returns whether the database accepts writes. Writes no row. On SQLite it writes the version number in the file's
/// header again, since only a commit finds out that the disk is full.
pub async fn takes_writes(db: &Db) -> Result<Writes, DbErr> {
    match db.engine() {
        Engine::Postgres => {
            // A standby answers "on" as well.
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

/// Whether the disk of an embedded database is nearly full. Returns `false` if its space is unknown: the write then
/// decides.
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
