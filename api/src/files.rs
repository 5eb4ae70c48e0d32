//! Files for the user that Belay runs as alone: what members wrote, secrets, and locks that nobody else may hold.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Read and written by the owner. Given when the file is made, so that there is no moment in which others can open it;
/// the umask takes away from it and adds nothing.
const OWNER_ALONE: u32 = 0o600;

/// Makes an empty file. Returns whether there was none; one that is there is not even opened.
pub fn make_private(path: &Path) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(OWNER_ALONE);
    match made.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens a file to be added to; makes it when it is not there.
pub fn append_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let options = options.read(true).append(true).create(true);
    options.mode(OWNER_ALONE).open(path)
}
