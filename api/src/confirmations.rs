//! Which generation of each session has been used, kept in memory until it is written down.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use entity::SessionId;
use tokio::sync::Notify;

use crate::viewer::Access;

/// The generations. Cheap to clone.
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
    /// The access token says nothing after that.
    ends_at: DateTime<Utc>,
}

impl Confirmations {
    /// Notes that an access token was used.
    pub(crate) fn add(&self, access: &Access) {
        // Nothing came before the first.
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
        let before = known.used.insert(session, used);
        if let Some(before) = before.filter(|before| before.generation >= generation) {
            known.used.insert(session, before);
            return;
        }
        known.unwritten.insert(session, generation);
        drop(known);
        self.0.added.notify_one();
    }

    /// Waits until there is something to write down.
    pub(crate) async fn added(&self) {
        self.0.added.notified().await;
    }

    /// The newest generation of a session that was used in this process, for as long as its access token is good.
    pub(crate) fn newest(&self, session: SessionId) -> Option<i32> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        known.used.get(&session).map(|used| used.generation)
    }

    /// What is to be written down, taken out.
    pub(crate) fn take_unwritten(&self, now: DateTime<Utc>) -> HashMap<SessionId, i32> {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.used.retain(|_, used| used.ends_at > now);
        std::mem::take(&mut known.unwritten)
    }

    /// Puts back what could not be written down.
    pub(crate) fn put_back(&self, unwritten: HashMap<SessionId, i32>) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        for (session, generation) in unwritten {
            let newest = known.unwritten.entry(session).or_insert(generation);
            *newest = generation.max(*newest);
        }
    }
}
