//! Recently ended sessions, in memory, so that an access token can be checked without a database query.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use entity::SessionId;

/// The ended sessions. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Revocations(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    ended: HashMap<SessionId, DateTime<Utc>>,
    read_up_to: Option<DateTime<Utc>>,
}

impl Revocations {
    /// Whether the session was ended.
    pub fn contains(&self, session: SessionId) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.ended.contains_key(&session)
    }

    /// Adds sessions that were ended at `at`.
    pub fn add(&self, sessions: &[SessionId], at: DateTime<Utc>) {
        if sessions.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.ended.extend(sessions.iter().map(|id| (*id, at)));
    }

    /// Returns the time up to which sessions that other processes ended were read; `None` before the first read.
    pub(crate) fn read_up_to(&self) -> Option<DateTime<Utc>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.read_up_to
    }

    /// Adds the sessions that were read at `now`, and forgets those that ended at `oldest` or before.
    pub(crate) fn read(
        &self,
        ended: Vec<(SessionId, DateTime<Utc>)>,
        oldest: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.ended.extend(ended);
        known.ended.retain(|_, at| *at > oldest);
        known.read_up_to = Some(now);
    }
}
