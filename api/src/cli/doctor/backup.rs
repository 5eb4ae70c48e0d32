//! Checks the list of erasures, which a restored backup needs.

use std::fs::OpenOptions;
use std::path::Path;

use super::Findings;
use crate::config::{Config, Mode};

/// Checks that erasures can be recorded.
pub fn check(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "backup.erasures_file";
    let Some(path) = config.backup.erasures() else {
        if config.mode == Mode::Production {
            findings.note(
                WHAT,
                 "empty: a restored backup would bring deleted members back; set it to a file apart from the backups",
            );
        }
        return;
    };
    let shown = path.display();
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let writable = if path.exists() {
        OpenOptions::new().append(true).open(&path).map(drop)
    } else {
        tempfile::tempfile_in(folder.unwrap_or(Path::new("."))).map(drop)
    };
    match writable {
        Ok(()) => findings.fine(WHAT, format!("{shown} can be written")),
        Err(error) => findings.mend(
            WHAT,
            format!("{shown} cannot be written: {error}"),
            "Make its folder and give it to the user Belay runs as, apart from the backups.",
        ),
    }
}
