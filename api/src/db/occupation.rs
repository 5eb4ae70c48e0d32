//! Locks that let one server at a time use an SQLite file. Two servers would wait for each other's writes, and each
//! would apply limits and hold connections as if it were alone. Any number of workers may run, since they take jobs
//! under leases. Commands such as `belay member role` may run at any time.
//!
//! Each lock is a lock on a file beside the database. It is released when its process ends, however it ends.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::config::DatabaseConfig;
use crate::files;

/// How a process uses the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Serves requests: one process at a time.
    Server,
    /// Does background work: any number of processes.
    Worker,
    /// Needs the database for itself: no server and no worker may run.
    Alone,
}

/// The locks of this process. They are released when this is dropped.
#[derive(Debug)]
pub struct Occupation(#[expect(dead_code, reason = "held, and never read")] Vec<File>);

/// Why a lock cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum OccupationError {
    /// Another process holds the lock.
    #[error("another process{} is running on the embedded database {}", id(*.1), .0.display())]
    Taken(PathBuf, Option<u32>),
    /// The file system returned an error.
    #[error("the lock beside {0} cannot be taken: {1}")]
    Io(PathBuf, io::Error),
}

fn id(process: Option<u32>) -> String {
    process.map_or_else(String::new, |id| format!(" ({id})"))
}

/// Takes the locks for these parts. The file of an embedded database must exist. PostgreSQL needs no locks, since any
/// number of processes may share it.
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

/// Opens the lock file beside the database. All paths to one database lead to the same lock file.
pub(super) fn lock_file(database: &Path, name: &str) -> io::Result<File> {
    let database = database.canonicalize()?;
    files::append_private(&database.with_added_extension(name))
}

/// Writes the id of this process into the lock file. With several holders, the file names the last one.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all(std::process::id().to_string().as_bytes())
}

/// Returns the id of the process that holds the lock, or `None` if it has not written its id yet.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.parse().ok()
}
