//! The signing secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::Findings;
use crate::config::Config;
use crate::keys::file::{self, SecretPlace};

const WHAT: &str = "auth.secret";

/// Whether there is one, or will be, and nobody else can read it.
pub fn check(config: &Config, findings: &mut Findings) {
    let path = match file::place(config) {
        SecretPlace::Configured => return findings.fine(WHAT, "set"),
        SecretPlace::Nowhere => {
            return findings.mend(
                WHAT,
                "is empty; only the embedded database keeps one beside it",
                "Set it to at least 32 random characters (openssl rand -base64 48).",
            );
        }
        SecretPlace::File(path) => path,
    };
    let shown = path.display();
    match fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            findings.fine(WHAT, format!("will be made and kept in {shown}"));
        }
        Err(error) => findings.mend(
            WHAT,
            format!("the key file {shown} cannot be looked at: {error}"),
            "Make its folder readable, or set auth.secret.",
        ),
        Ok(about) if about.permissions().mode() & 0o077 != 0 => findings.mend(
            WHAT,
            format!("others on this machine can read the key file {shown}"),
            format!("chmod 600 {shown}"),
        ),
        Ok(_) => match file::read(&path) {
            Ok(_) => findings.fine(WHAT, format!("kept in {shown}")),
            Err(error) => findings.mend(
                WHAT,
                format!("the key file {shown} cannot be used: {error}"),
                format!("Remove it (everybody signs in again), or put the right one back: {shown}"),
            ),
        },
    }
}
