//! The newest generation of each session that was used, in memory until it is stored.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use entity::SessionId;
use tokio::sync::Notify;

use crate::viewer::Access;

/// The used generations. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Confirmations(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    known: RwLock<Known>,
    added: Notify,
}

#[derive(Debug, Default)]
struct Known {
    used: HashMap<SessionId, Used>,
    unwritten: HashMap<SessionId, i32>,
}

#[derive(Clone, Copy, Debug)]
struct Used {
    generation: i32,
    /// When the access token expires. The entry is useless after that.
    ends_at: DateTime<Utc>,
}

impl Confirmations {
    /// Notes that an access token was used.
    pub(crate) fn add(&self, access: &Access) {
        // Generation 0 has no predecessor to confirm.
        let Some(generation) = access.generation.filter(|generation| *generation > 0) else {
            return;
        };
        let session = access.who.session;
        if self.newest(session) >= Some(generation) {
            return;
        }
        let used = Used {
            generation,
            ends_at: access.ends_at,
        };
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        // The lock was released after the check above, so another request may have noted a newer generation.
        let before = known.used.insert(session, used);
        if let Some(before) = before.filter(|before| before.generation >= generation) {
            known.used.insert(session, before);
            return;
        }
        known.unwritten.insert(session, generation);
        drop(known);
        self.0.added.notify_one();
    }

    /// Waits until there is a generation to store.
    pub(crate) async fn added(&self) {
        self.0.added.notified().await;
    }

    /// Returns the newest generation of a session that was used in this process, or `None` if none was or its access
    /// token has expired.
    pub(crate) fn newest(&self, session: SessionId) -> Option<i32> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        known.used.get(&session).map(|used| used.generation)
    }

    /// Takes out the generations that are to be stored.
    pub(crate) fn take_unwritten(&self, now: DateTime<Utc>) -> HashMap<SessionId, i32> {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.used.retain(|_, used| used.ends_at > now);
        std::mem::take(&mut known.unwritten)
    }

    /// Puts back the generations that could not be stored.
    pub(crate) fn put_back(&self, unwritten: HashMap<SessionId, i32>) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        for (session, generation) in unwritten {
            let newest = known.unwritten.entry(session).or_insert(generation);
            *newest = generation.max(*newest);
        }
    }
}
