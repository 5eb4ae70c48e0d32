//! Mail: letters about accounts, sent by SMTP or, in development, shown on the terminal.
//!
//! Promises:
//!
//! - A letter is short, warm and plain.
//! - Its subject shows nothing on a lock screen but the service's name.
//! - It says what to do if it was not you.
//! - An address and a text are never logged.

pub mod address;
pub mod letters;
mod smtp;

use chrono::{DateTime, Utc};

use crate::config::{MailConfig, MailTransport};
use crate::dev_outbox::{DevOutbox, Sent};
use crate::error::Fault;
use smtp::Smtp;

/// A letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The recipient's address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// The text, as plain text.
    pub text: String,
}

/// The outcome of sending a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The next server accepted it.
    Accepted,
    /// The letter is refused for good: the address does not exist, or does not accept such mail.
    Refused,
}

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// `mail.from` is not an address.
    #[error("mail.from is not an address")]
    From,
    /// The TLS library refused the server's name or found no trusted certificates.
    #[error("TLS for mail.smtp.host cannot be set up: {0}")]
    Tls(String),
}

/// Sends letters.
pub struct Mailer(Route);

enum Route {
    Terminal(DevOutbox),
    Smtp(Box<Smtp>),
}

impl Mailer {
    /// Sets up the configured transport. It needs a runtime, and connects to nothing yet.
    pub fn new(config: &MailConfig, outbox: DevOutbox) -> Result<Self, MailerError> {
        Ok(Self(match config.transport {
            MailTransport::Terminal => Route::Terminal(outbox),
            MailTransport::Smtp => Route::Smtp(Box::new(Smtp::new(config)?)),
        }))
    }

    /// Hands a letter to the next server, dated `at`. A fault may be temporary; a refusal is final.
    pub async fn send(&self, letter: Letter, at: DateTime<Utc>) -> Result<Delivery, Fault> {
        let letter = Letter {
            to: address::sendable(&letter.to),
            ..letter
        };
        let outcome = match &self.0 {
            Route::Terminal(outbox) => {
                let Letter { to, subject, text } = letter;
                outbox.put(Sent::Mail {
                    at,
                    to,
                    subject,
                    text,
                });
                Ok(Delivery::Accepted)
            }
            Route::Smtp(smtp) => smtp.send(&letter, at).await,
        };
        let outcome_name = match &outcome {
            Ok(Delivery::Accepted) => "accepted",
            Ok(Delivery::Refused) => "refused",
            Err(_) => "failed",
        };
        metrics::counter!("belay_mail_total", "outcome" => outcome_name).increment(1);
        outcome
    }

    /// Checks that mail could be sent now: connects and signs in, but sends nothing.
    pub async fn check(&self) -> Result<(), Fault> {
        match &self.0 {
            Route::Terminal(_) => Ok(()),
            Route::Smtp(smtp) => smtp.check().await,
        }
    }
}
