//! Checks that processes can reach each other.

use async_nats::ServerAddr;

use super::Findings;
use crate::bus::check::{self, Trouble};
use crate::config::{Config, Mode, is_local};

/// Connects to NATS, publishes a message and waits to receive it.
pub async fn check(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "bus.url";
    let subject = &config.bus.subject;
    let Ok(Some(servers)) = config.bus.servers() else {
        return findings.note(
            WHAT,
             "empty: devices receive only the events of the process they are connected to; set it if you run several \
             processes",
        );
    };
    let place = servers.shown();
    let in_the_clear = |server: &ServerAddr| !server.tls_required() && !is_local(server.host());
    if config.mode == Mode::Production && servers.addresses.iter().any(in_the_clear) {
        findings.note(
            WHAT,
            format!(
                 "{place} is reached without encryption: an eavesdropper learns which members have something new; use \
                 tls://"
            ),
        );
    }
    let (wrong, todo) = match check::check(&servers, subject).await {
        Ok(()) => return findings.fine(WHAT, format!("{place} passes messages on")),
        Err(Trouble::Unreachable(why)) => (
            format!("{place} cannot be reached: {why}"),
            "Check host and port, that NATS runs there, and that this machine may reach it; tls:// needs a \
             certificate this machine trusts."
                .to_owned(),
        ),
        Err(Trouble::Refused) => (
            format!("{place} does not let us in"),
            "Set it to nats://USER:PASSWORD@HOST or nats://TOKEN@HOST, with credentials of that server."
                .to_owned(),
        ),
        Err(Trouble::Silent(why)) => (
            format!(
                "{place} does not pass messages on ({})",
                why.as_deref().unwrap_or("and gives no reason")
            ),
            format!("Allow this user to publish and to subscribe under `{subject}.>`."),
        ),
    };
    findings.mend(WHAT, wrong, todo);
}
