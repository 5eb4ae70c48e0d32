//! The folder for the databases of tests.

use std::path::PathBuf;

/// Linux's file system in memory.
const MEMORY: &str = "/dev/shm";
/// The free space that tests need, in bytes. It is enough for the PostgreSQL cluster with its log, and for the
/// databases of all tests that run at once. Containers often have less.
const ROOM: u64 = 1 << 30;

/// Returns the folder for databases: memory if it has room, otherwise the folder for temporary files. `TMPDIR`
/// overrides both.
///
/// A run creates and removes hundreds of databases, each with hundreds of files. On a disk, this took longer than most
/// tests themselves.
pub(crate) fn folder() -> PathBuf {
    if std::env::var_os("TMPDIR").is_none() && room(MEMORY) >= ROOM {
        MEMORY.into()
    } else {
        std::env::temp_dir()
    }
}

/// Returns whether the folder is in memory.
pub(crate) fn is_in_memory() -> bool {
    folder().starts_with(MEMORY)
}

/// Returns the free bytes, or 0 if the folder does not exist.
fn room(folder: &str) -> u64 {
    rustix::fs::statvfs(folder).map_or(0, |found| found.f_bavail * found.f_frsize)
}
