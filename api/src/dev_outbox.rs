//! Where mail and nudges go in development: onto the terminal, and into a list that an app's own
//! tests can read. It is not the log: what stands here is meant for its receiver's eyes.

use std::collections::VecDeque;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Remembered at most; the oldest go first.
const CAPACITY: usize = 1000;

/// Something that would have left the server.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Sent {
    /// A letter.
    Mail {
        /// The server's time.
        at: DateTime<Utc>,
        /// To whom.
        to: String,
        /// The subject line.
        subject: String,
        /// The text.
        text: String,
    },
    /// A push.
    Push {
        /// The server's time.
        at: DateTime<Utc>,
        /// The address it would have gone to.
        address: String,
        /// The message, as the provider would have got it.
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
    /// An empty one, which shows what comes in on the terminal when asked to.
    pub fn new(on_terminal: bool) -> Self {
        Self {
            sent: Arc::default(),
            on_terminal,
        }
    }

    /// Takes something in.
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

    /// Everything remembered, oldest first.
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
