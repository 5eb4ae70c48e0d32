//! Files that only the user Belay runs as can open: members' data, secrets, and lock files.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Readable and writable by the owner. The mode is set when the file is created, so that others can never open it. The
/// umask can only remove permissions.
const OWNER_ALONE: u32 = 0o600;

/// Creates an empty file. Returns `false` if it exists, without opening it.
pub fn make_private(path: &Path) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(OWNER_ALONE);
    match made.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a file for appending. Creates it if it does not exist.
pub fn append_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).append(true).create(true);
    options.mode(OWNER_ALONE).open(path)
}
