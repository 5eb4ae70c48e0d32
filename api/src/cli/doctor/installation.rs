//! Checks what members read about the installation.

use super::Findings;
use crate::clock::Clock;
use crate::config::Config;
use crate::installation::Directory;

/// Checks the links and the crisis lines.
pub fn check(config: &Config, clock: &Clock, findings: &mut Findings) {
    let installation = &config.installation;
    let unsaid: Vec<&str> = [
        ("terms_url", installation.terms_url.is_none()),
        ("privacy_url", installation.privacy_url.is_none()),
        ("support", installation.support.is_empty()),
    ]
    .into_iter()
    .filter_map(|(key, is_unsaid)| is_unsaid.then_some(key))
    .collect();
    if unsaid.is_empty() {
        findings.fine(
            "installation",
            "terms, privacy notice and support are named",
        );
    } else {
        let text = format!("{} empty: members have nowhere to look", unsaid.join(", "));
        findings.note("installation", text);
    }
    match Directory::load(&installation.crisis_lines) {
        Ok(directory) => {
            let (checked, all) = directory.checked(clock.now().date_naive());
            let text = format!(
                "{checked} of {all} were checked within their review date; call those of your country, and keep \
                 them in installation.crisis_lines"
            );
            findings.note("crisis lines", text);
        }
        Err(error) => findings.mend(
            "installation.crisis_lines",
            error.to_string(),
            "Name a file of the form of api/crisis_lines.json, or leave it empty.",
        ),
    }
}
