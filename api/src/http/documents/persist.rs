//! Stores a document for all processes in the background: the operation has run, and its answer does not wait for this.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Semaphore;

use super::{Found, store};
use crate::http::HttpState;
use crate::http::operation::Caller;

/// The most documents that are written at a time, so that they do not keep the database from members. A document that
/// is skipped here is stored later, when its text is sent again.
const AT_ONCE: usize = 2;

/// Bounds the number of stored documents.
pub struct Keeper {
    permits: Arc<Semaphore>,
    kept: AtomicU64,
}

impl Keeper {
    /// Starts with nothing being stored.
    pub fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            kept: AtomicU64::new(0),
        }
    }

    /// Counts one stored document. Returns whether it is time to remove the surplus above `limit`, so that each process
    /// adds at most a tenth of it between two rounds of the housekeeping.
    fn is_over(&self, limit: u64) -> bool {
        let kept = self.kept.fetch_add(1, Ordering::Relaxed) + 1;
        kept.is_multiple_of(limit / 10 + 1)
    }
}

/// Returns the points for storing a document. A row in a table costs more than a text that is forgotten.
fn price(text: &str) -> u64 {
    10 + u64::try_from(text.len() / 10).unwrap_or(u64::MAX)
}

impl HttpState {
    /// Stores a document, if it is to be stored. Charges the caller once it is.
    pub(in crate::http) fn persist(&self, found: Found, caller: Caller) {
        let Found {
            parsed,
            to_persist: Some(text),
        } = found
        else {
            return;
        };
        let permits = Arc::clone(&self.documents.keeper.permits);
        let Ok(permit) = permits.try_acquire_owned() else {
            return;
        };
        if parsed.persisted.swap(true, Ordering::Relaxed) {
            return;
        }
        let state = self.clone();
        self.shutdown.spawn(async move {
            let _permit = permit;
            match store::insert(&state.app, &parsed.hash, &text).await {
                Ok(true) => {
                    let now = state.app.clock.uptime();
                    state.budget.charge(&caller, price(&text), now);
                    state.shrink_when_due().await;
                }
                Ok(false) => {}
                Err(fault) => {
                    parsed.persisted.store(false, Ordering::Relaxed);
                    tracing::warn!(class = fault.class(), "a document could not be persisted");
                }
            }
        });
    }

    async fn shrink_when_due(&self) {
        let limit = self.app.config.graphql.persisted_limit;
        if self.documents.keeper.is_over(limit)
            && let Err(fault) = store::shrink(&self.app, limit).await
        {
            tracing::warn!(
                class = fault.class(),
                "persisted documents could not be removed"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleanup_is_due_for_every_tenth_of_the_limit() {
        let due = |limit: u64| {
            let keeper = Keeper::new();
            (1..=25).filter(|_| keeper.is_over(limit)).count()
        };
        assert_eq!((due(1), due(9), due(100), due(1000)), (25, 25, 2, 0));
    }

    #[test]
    fn longer_documents_cost_more_to_store() {
        assert_eq!((price("{ me }"), price(&"x".repeat(32 * 1024))), (10, 3286));
    }
}
