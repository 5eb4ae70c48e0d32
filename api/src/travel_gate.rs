//! Pauses the worker while a developer moves the time.

use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// Pauses the worker while time is moved: its leases would expire, and its work would be done again. Only one journey
/// runs at a time.
#[derive(Clone, Debug, Default)]
pub struct TravelGate(Arc<RwLock<()>>);

impl TravelGate {
    /// Waits until no journey runs. No journey begins while the returned guard is held.
    pub async fn closed(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.0).read_owned().await
    }

    /// Waits for the worker and for other journeys. Both wait while the returned guard is held.
    pub async fn travel(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.0).write_owned().await
    }
}
