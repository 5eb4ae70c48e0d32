//! Finds files with secrets or members' data that other users of this machine can open.
//!
//! A start only warns of them: a service that does not start after an update helps nobody, and only the operator knows
//! whether a file's mode is intended, such as for backups by another user.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::config::{self, Config, PushTransport};

/// Who can open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Everybody on this machine.
    Everybody,
    /// Members of its group can change it.
    GroupWrites,
    /// Members of its group can read it.
    GroupReads,
}

/// A file that others can open.
#[derive(Debug)]
pub struct Exposed {
    path: PathBuf,
    holds: &'static str,
    /// Whether somebody else may have created it for us, so that we read it as members of its group.
    is_given: bool,
    who: Who,
}

/// Checks the database, the list of erasures, the credentials, and the configuration file if it holds a secret. The key
/// file beside an embedded database is checked with the secrets.
pub fn look(config: &Config, file: Option<&Path>) -> Vec<Exposed> {
    let mut files: Vec<(PathBuf, &'static str, bool)> = Vec::new();
    if let Some(database) = config.database.sqlite_path() {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = database.clone().into_os_string();
            name.push(suffix);
            files.push((name.into(), "what members wrote", false));
        }
    }
    if let Some(list) = config.backup.erasures() {
        files.push((list, "who was erased", false));
    }
    let credentials = &config.push.fcm.credentials_file;
    if config.push.transport == PushTransport::Fcm && !credentials.is_empty() {
        files.push((credentials.into(), "the key that sends pushes", true));
    }
    if let Some(settings) = config::file_with_secrets(file) {
        files.push((settings, "secrets", true));
    }
    let exposed = |(path, holds, is_given): (PathBuf, _, _)| {
        let mode = path.metadata().ok()?.permissions().mode();
        let who = who(mode)?;
        Some(Exposed {
            path,
            holds,
            is_given,
            who,
        })
    };
    files.into_iter().filter_map(exposed).collect()
}

const fn who(mode: u32) -> Option<Who> {
    if mode & 0o006 != 0 {
        Some(Who::Everybody)
    } else if mode & 0o020 != 0 {
        Some(Who::GroupWrites)
    } else if mode & 0o040 != 0 {
        Some(Who::GroupReads)
    } else {
        None
    }
}

impl Exposed {
    /// Whether the mode may be intended: a group reads the file, as a service reads a file of root, or as backups are
    /// made.
    pub fn may_be_meant(&self) -> bool {
        self.who == Who::GroupReads
    }

    /// Says who can do what with the file.
    pub fn wrong(&self) -> String {
        let (path, holds) = (self.path.display(), self.holds);
        match self.who {
            Who::Everybody => {
                format!("everybody on this machine can open {path}, which holds {holds}")
            }
            Who::GroupWrites => {
                format!("members of its group can change {path}, which holds {holds}")
            }
            Who::GroupReads => format!("members of its group can read {path}, which holds {holds}"),
        }
    }

    /// Returns the command that mends it. A file that was given to us stays readable for its group.
    pub fn todo(&self) -> String {
        let mode = if self.is_given { "g-w,o=" } else { "600" };
        let mode = if self.may_be_meant() { "600" } else { mode };
        format!("chmod {mode} {}", self.path.display())
    }

    /// Logs a warning, unless the mode may be intended.
    pub fn warn(&self) {
        if !self.may_be_meant() {
            tracing::warn!("{}: {}", self.wrong(), self.todo());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_mode_shows_who_else_has_access() {
        for (mode, expected) in [
            (0o100_600, None),
            (0o100_400, None),
            (0o100_640, Some(Who::GroupReads)),
            (0o100_660, Some(Who::GroupWrites)),
            (0o100_644, Some(Who::Everybody)),
            (0o100_602, Some(Who::Everybody)),
        ] {
            assert_eq!(who(mode), expected, "{mode:o}");
        }
    }
}
