//! What leaves the server: mail and nudges. Nothing is sent.

use serde_json::Value;

use super::Findings;
use crate::config::{Config, MailTransport, PushTransport};
use crate::dev::outbox::DevOutbox;
use crate::mail::Mailer;

/// Whether mail can leave.
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

/// Whether nudges can leave.
pub fn push(config: &Config, findings: &mut Findings) {
    const WHAT: &str = "push";
    const FILE: &str = "push.fcm.credentials_file";
    match config.push.transport {
        PushTransport::Off => {
            return findings.note(WHAT, "off: members see nudges in the app only");
        }
        PushTransport::Terminal => {
            return findings.note(WHAT, "shown on the terminal; nothing is sent");
        }
        PushTransport::Fcm => {}
    }
    let fcm = &config.push.fcm;
    if fcm.credentials_file.is_empty() {
        if fcm.project_id.is_empty() {
            findings.mend(
                WHAT,
                "neither push.fcm.credentials_file nor push.fcm.project_id is set",
                "Set push.fcm.credentials_file to a service account's key, or on a Google machine \
                 push.fcm.project_id to the project's id.",
            );
        } else {
            let text = "credentials come from the metadata server of this machine's cloud";
            findings.note(WHAT, text);
        }
        return;
    }
    let todo = "Download a key of a service account that may send messages (Firebase console, Project \
                settings, Service accounts), as JSON, and name the file here.";
    let path = &fcm.credentials_file;
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            return findings.mend(FILE, format!("{path} cannot be read: {error}"), todo);
        }
    };
    // A parser's complaint would quote what it stopped at.
    let Ok(key) = serde_json::from_str::<Value>(&text) else {
        return findings.mend(FILE, format!("{path} is not JSON"), todo);
    };
    let missing = ["type", "project_id", "client_email", "private_key"]
        .into_iter()
        .find(|field| key[field].as_str().is_none_or(str::is_empty));
    match missing {
        Some(field) => findings.mend(FILE, format!("{path} has no {field}"), todo),
        None if key["type"] != "service_account" => {
            findings.mend(FILE, format!("{path} is not of a service account"), todo);
        }
        None => findings.fine(WHAT, format!("{path} is a service account's key")),
    }
}
