//! Checks which documents are executed.

use super::Findings;
use crate::config::{Config, Mode};
use crate::http::documents::Manifest;

/// Checks that the manifest of trusted documents can be used.
pub fn check(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "graphql.trusted_documents";
    match config.graphql.trusted_documents.as_str() {
        "" if config.mode == Mode::Production => findings.note(
            WHAT,
            "empty: any document is executed; set it to the manifest of your released apps",
        ),
        "" => {}
        file => match Manifest::load(file.as_ref()) {
            Ok(manifest) if manifest.is_empty() => findings.note(
                WHAT,
                format!("{file} holds no document: nothing at all is executed"),
            ),
            Ok(manifest) => findings.fine(WHAT, format!("{} documents", manifest.len())),
            Err(error) => findings.mend(
                WHAT,
                error.to_string(),
                "Write it again with your app's compiler, or set it to a file that Belay may read.",
            ),
        },
    }
}
