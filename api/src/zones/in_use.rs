//! The zone data that a process uses.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Utc};

use super::source::Installed;

/// Stands for never: no instant is so late.
const NEVER: i64 = i64::MAX;

/// The zone data that a process uses, and the instant from which stored instants must be recomputed with them.
#[derive(Debug)]
pub struct InUse {
    /// The data.
    pub installed: Installed,
    /// Microseconds since the epoch.
    due_from: AtomicI64,
}

impl InUse {
    /// Uses these data, with nothing to recompute.
    pub const fn new(installed: Installed) -> Self {
        Self {
            installed,
            due_from: AtomicI64::new(NEVER),
        }
    }

    /// Whether stored instants may have to be recomputed now.
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.due_from.load(Ordering::Relaxed) <= now.timestamp_micros()
    }

    /// Whether stored instants may have to be recomputed at some time.
    pub fn will_be_due(&self) -> bool {
        self.due_from.load(Ordering::Relaxed) != NEVER
    }

    /// Sets the instant from which stored instants must be recomputed, or `None` if they follow these data already.
    pub fn set_due(&self, from: Option<DateTime<Utc>>) {
        let from = from.map_or(NEVER, |from| from.timestamp_micros());
        self.due_from.store(from, Ordering::Relaxed);
    }
}
