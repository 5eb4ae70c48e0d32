//! Where the databases of tests are.

use std::path::PathBuf;

/// A file system in memory, on Linux.
const MEMORY: &str = "/dev/shm";
/// Enough for the PostgreSQL cluster with its log, and for the databases of the tests that run at once. Containers often
/// have less.
const ROOM: u64 = 1 << 30;

/// The folder to make databases in: memory if it has room, and otherwise the folder for temporary files. `TMPDIR` chooses
/// another one.
///
/// A run makes and removes hundreds of databases, of hundreds of files each. On a disk this took longer than what most
/// tests do with them.
pub(crate) fn folder() -> PathBuf {
    if std::env::var_os("TMPDIR").is_none() && room(MEMORY) >= ROOM {
        MEMORY.into()
    } else {
        std::env::temp_dir()
    }
}

/// Whether that is memory.
pub(crate) fn is_in_memory() -> bool {
    folder().starts_with(MEMORY)
}

/// Bytes that are free, or none if there is no such folder.
fn room(folder: &str) -> u64 {
    rustix::fs::statvfs(folder).map_or(0, |found| found.f_bavail * found.f_frsize)
}
