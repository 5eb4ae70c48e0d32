//! Checks the edition of the time zone database that reminders follow.

use super::Findings;
use crate::config::Config;
use crate::zones::{Installed, Version, bundled_version};

const WHAT: &str = "time zones";

/// Returns the edition that a process started now would use, or `None` if it could not start.
pub fn check(config: &Config, findings: &mut Findings) -> Option<Version> {
    match Installed::choose(config.zones.folder()) {
        Ok(Installed { version, origin }) => {
            findings.fine(WHAT, format!("edition {version}, from {origin}"));
            if version < bundled_version() {
                findings.note(
                    WHAT,
                    format!(
                        "zones.folder wins, and is older than the {} in this program",
                        bundled_version()
                    ),
                );
            }
            Some(version)
        }
        Err(fault) => {
            findings.mend(
                WHAT,
                fault.to_string(),
                "Set zones.folder to a folder of compiled zones, or leave it empty for the newest on this machine.",
            );
            None
        }
    }
}
