//! The outbox of development: mail and pushes go to the terminal and to a list that an app's own tests can read. It is
//! not the log: its contents are for the receiver only.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// How many are remembered at most. The oldest are dropped first.
const CAPACITY: usize = 1000;

/// A letter or a push that would have been sent.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Sent {
    /// A letter.
    Mail {
        /// When it was sent, by the server's clock.
        at: DateTime<Utc>,
        /// The receiver's address.
        to: String,
        /// The subject line.
        subject: String,
        /// The text.
        text: String,
    },
    /// A push.
    Push {
        /// When it was sent, by the server's clock.
        at: DateTime<Utc>,
        /// The push address.
        address: String,
        /// The message as the provider would have received it.
        message: serde_json::Value,
    },
}

/// The list. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DevOutbox {
    sent: Arc<Mutex<VecDeque<Sent>>>,
    on_terminal: bool,
}

impl DevOutbox {
    /// Creates an empty outbox, which also prints to the terminal if `on_terminal` is set.
    pub fn new(on_terminal: bool) -> Self {
        Self {
            sent: Arc::default(),
            on_terminal,
        }
    }

    /// Adds a letter or a push.
    pub fn put(&self, sent: Sent) {
        if self.on_terminal {
            // A closed terminal is no reason to fail.
            let _ = writeln!(std::io::stdout().lock(), "{}", card(&sent));
        }
        let mut list = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() == CAPACITY {
            list.pop_front();
        }
        list.push_back(sent);
    }

    /// Returns everything that is remembered, oldest first.
    pub fn all(&self) -> Vec<Sent> {
        let list = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().cloned().collect()
    }
}

fn card(sent: &Sent) -> String {
    let (heading, body) = match sent {
        Sent::Mail {
            at,
            to,
            subject,
            text,
        } => (
            format!(
                "mail · {} · to {to} · {subject}",
                at.format("%a %H:%M:%S UTC")
            ),
            text.trim_end().to_owned(),
        ),
        Sent::Push {
            at,
            address,
            message,
        } => {
            let shown = |key| message["notification"][key].as_str().unwrap_or_default();
            (
                format!(
                    "nudge · {} · to {}",
                    at.format("%a %H:%M:%S UTC"),
                    address.chars().take(24).collect::<String>()
                ),
                format!("{}\n{}", shown("title"), shown("body")),
            )
        }
    };
    let mut out = format!("┌ {heading}\n");
    for line in body.lines() {
        out.push_str("│ ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('└');
    out
}
