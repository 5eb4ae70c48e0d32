//! Checks the secrets.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::Findings;
use crate::cli::setup;
use crate::config::Config;
use crate::db::Db;
use crate::keys::Keys;
use crate::keys::file::{self, SecretPlace};
use crate::secret_check::{self, Verdict, key};

const WHAT: &str = "auth.secret";

/// Checks that the signing secret exists or can be created, and that nobody else can read it.
pub fn check(config: &Config, findings: &mut Findings) {
    let path = match file::place(config) {
        SecretPlace::Configured => return findings.fine(WHAT, "set"),
        SecretPlace::Nowhere => {
            return findings.mend(
                WHAT,
                "is empty; only an embedded database in development has a key file",
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
            format!("the key file {shown} cannot be read: {error}"),
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
                format!(
                    "Put the right one back from where you keep it apart from the backups: {shown}. Without it every \
                     member has to sign in again, and what members wrote and is kept encrypted (notes, nudges, \
                     commitments, words of ladders) cannot be read any more, by anybody, unless at_rest.secret is set. \
                     Only if it is lost for good: remove the file, and run `belay secret accept`."
                ),
            ),
        },
    }
}

/// Checks that the secrets are those that the database was written with. Changes nothing.
pub async fn check_against(config: &Config, db: &Db, findings: &mut Findings) {
    const WHAT: &str = "secrets";
    let judged = match Keys::load_existing(config) {
        Ok(keys) => secret_check::look(db.pool(), &keys).await,
        // `check` reported this already, unless the key file is missing and would be created. That is a fault only if
        // the database was written with another secret.
        Err(_) => match secret_check::is_made(db).await {
            Ok(true) => {
                let every = secret_check::PURPOSES.map(|purpose| (purpose, Verdict::Wrong));
                Ok(every.to_vec())
            }
            _ => return,
        },
    };
    let judged = match judged {
        Ok(judged) => judged,
        Err(fault) => {
            return findings.mend(
                WHAT,
                format!(
                    "the database's check values cannot be read: {}",
                    fault.class()
                ),
                "Let the database's user read and write every table.",
            );
        }
    };
    let judged_as = |wanted: Verdict| {
        let found = judged.iter().filter(move |(_, verdict)| *verdict == wanted);
        found.map(|(purpose, _)| *purpose).collect::<Vec<_>>()
    };
    if let Some(message) = setup::refusal(&judged) {
        let (wrong, todo) = message.split_once('\n').unwrap_or((&message, ""));
        return findings.mend(WHAT, wrong, todo);
    }
    let changed = judged_as(Verdict::Changed);
    if !changed.is_empty() {
        let keys: Vec<&str> = changed.iter().map(|purpose| key(*purpose)).collect();
        return findings.note(
            WHAT,
            format!(
                "{} was changed: the next start accepts the new one for this database",
                keys.join(" and ")
            ),
        );
    }
    if judged_as(Verdict::New).is_empty() {
        findings.fine(WHAT, "those that this database was written with");
    } else {
        findings.note(
            WHAT,
            "the next start accepts the configured ones for this database",
        );
    }
}
