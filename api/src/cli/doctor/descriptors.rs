//! Checks that the system lets this process open enough connections.

use super::Findings;
use crate::config::Config;
use crate::descriptors;

/// A limit that suffices. A lower one is used up by a few hundred phones, each with a socket beside its requests.
const PLENTY: u64 = 4_096;

/// Checks the limit of open files, after raising it as the service does.
pub fn check(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "open files";
    descriptors::raise();
    let connections = descriptors::connections(config);
    match descriptors::most() {
        None => findings.fine(WHAT, "without a limit"),
        Some(most) if most >= PLENTY => findings.fine(
            WHAT,
            format!("{most}, of which {connections} may be connections of members"),
        ),
        Some(most) => findings.note(
            WHAT,
            format!(
                "{most}, of which {connections} may be connections of members; raise the hard limit for more \
                 (LimitNOFILE= in systemd, --ulimit nofile= for a container)"
            ),
        ),
    }
}
