//! One server at a time on an SQLite file: two would wait for each other's writes, and each would count limits and hold
//! connections as if it were alone. Workers may be any number, since they take work under leases, and commands such as
//! `belay member role` come and go beside all of them.
//!
//! A process holds a lock on a file beside the database, which ends with it, however it ends.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::config::DatabaseConfig;
use crate::files;

/// What a process does with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Answers requests: one process at a time.
    Server,
    /// Does background work, beside others who do.
    Worker,
    /// Changes what nobody may be using meanwhile.
    Alone,
}

/// What this process has taken, until this is dropped.
#[derive(Debug)]
pub struct Occupation(#[expect(dead_code, reason = "held, and never read")] Vec<File>);

/// Why a part cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum OccupationError {
    /// Another process stands in the way.
    #[error("another process{} is running on the embedded database {}", id(*.1), .0.display())]
    Taken(PathBuf, Option<u32>),
    /// The file system refuses.
    #[error("the lock beside {0} cannot be taken: {1}")]
    Io(PathBuf, io::Error),
}

fn id(process: Option<u32>) -> String {
    process.map_or_else(String::new, |id| format!(" ({id})"))
}

/// Takes parts of the work on an embedded database, which has to be there. On PostgreSQL anybody may take any.
pub fn occupy(config: &DatabaseConfig, parts: &[Part]) -> Result<Occupation, OccupationError> {
    const SERVER: &str = "server.lock";
    const WORKER: &str = "worker.lock";
    let Some(database) = config.sqlite_path() else {
        return Ok(Occupation(Vec::new()));
    };
    let mut held = Vec::new();
    for part in parts {
        match part {
            Part::Server => held.push(take(&database, SERVER, File::try_lock)?),
            Part::Worker => held.push(take(&database, WORKER, File::try_lock_shared)?),
            Part::Alone => {
                held.push(take(&database, SERVER, File::try_lock)?);
                held.push(take(&database, WORKER, File::try_lock)?);
            }
        }
    }
    Ok(Occupation(held))
}

fn take(
    database: &Path,
    name: &str,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<File, OccupationError> {
    let refused = |error| OccupationError::Io(database.to_owned(), error);
    let mut file = lock_file(database, name).map_err(refused)?;
    match lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(OccupationError::Taken(
                database.to_owned(),
                holder(&mut file),
            ));
        }
        Err(TryLockError::Error(error)) => return Err(refused(error)),
    }
    sign(&mut file).map_err(refused)?;
    Ok(file)
}

/// A file beside the database to take a lock on. Two names of one database have the same.
pub(super) fn lock_file(database: &Path, name: &str) -> io::Result<File> {
    let database = database.canonicalize()?;
    files::append_private(&database.with_added_extension(name))
}

/// Says whose the lock is. Of several, the last.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(std::process::id().to_string().as_bytes())
}

/// The process whose lock it is. `None` if it is just about to say so.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.parse().ok()
}
