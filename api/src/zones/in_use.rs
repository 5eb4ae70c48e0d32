//! What a process has to remember of the data it goes by.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use super::source::Installed;

/// Never: no instant is so late.
const NEVER: i64 = i64::MAX;

/// The data a process goes by, and from when on stored instants are to be worked out anew with them.
#[derive(Debug)]
pub struct InUse {
    /// The data.
    pub installed: Installed,
    /// Microseconds since the epoch.
    due_from: AtomicI64,
}

impl InUse {
    /// Of these data, with nothing to be worked out anew.
    pub const fn new(installed: Installed) -> Self {
        Self {
            installed,
            due_from: AtomicI64::new(NEVER),
        }
    }

    /// Whether stored instants may have to be worked out anew now.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due_from.load(Ordering::Relaxed) <= now.timestamp_micros()
    }

    /// Whether they may have to be at some time.
    pub fn will_be_due(&self) -> bool {
        self.due_from.load(Ordering::Relaxed) != NEVER
    }

    /// They have to be from an instant on; `None` if they follow these data.
    pub fn set_due(&self, from: Option<DateTime<Utc>>) {
        let from = from.map_or(NEVER, |from| from.timestamp_micros());
        self.due_from.store(from, Ordering::Relaxed);
    }
}
