//! Checks mail and pushes, without sending any.

use super::Findings;
use crate::clock::Clock;
use crate::config::{Config, MailTransport, PushTransport};
use crate::dev_outbox::DevOutbox;
use crate::mail::Mailer;
use crate::push::transport;

/// Checks that mail can be sent.
pub async fn mail(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "mail";
    if config.mail.transport == MailTransport::Terminal {
        return findings.note(WHAT, "shown on the terminal; nothing is sent");
    }
    let server = format!("{}:{}", config.mail.smtp.host, config.mail.smtp.port);
    let todo = "Check mail.smtp.host, mail.smtp.port, mail.smtp.security, the user name and password, and that this \
                machine may reach the server.";
    let asked = match Mailer::new(&config.mail, DevOutbox::new(false)) {
        Ok(mailer) => mailer.check().await.map_err(|fault| fault.class()),
        Err(error) => Err(error.to_string()),
    };
    match asked {
        Ok(()) => findings.fine(WHAT, format!("{server} lets us in")),
        Err(why) => findings.mend(WHAT, format!("{server}: {why}"), todo),
    }
}

/// Checks that pushes can be sent.
pub async fn push(config: &Config, clock: &Clock, findings: &mut Findings) {
    const WHAT: &str = "push";
    match config.push.transport {
        PushTransport::Off => {
            return findings.note(WHAT, "off: members see notifications only in the app");
        }
        PushTransport::Terminal => {
            return findings.note(WHAT, "shown on the terminal; nothing is sent");
        }
        PushTransport::Fcm => {}
    }
    let todo = "Set push.fcm.credentials_file to a key of a service account that may send messages (Firebase \
                console, Project settings, Service accounts), as JSON; or on a Google machine leave it empty and \
                set push.fcm.project_id.";
    let asked = match transport::from_config(config, clock, &DevOutbox::new(false)) {
        Ok(transport) => transport.check().await,
        Err(error) => Err(error.to_string()),
    };
    match asked {
        Ok(()) => findings.fine(WHAT, "the provider accepts the credentials"),
        Err(why) => findings.mend("push.fcm.credentials_file", why, todo),
    }
}
