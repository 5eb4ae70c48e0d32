//! Keeps the worker still while a developer moves the time.

use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// Keeps the worker from working while time is moved: what it had taken would be thought abandoned, and
/// done again. Only one traveller at a time.
#[derive(Clone, Debug, Default)]
pub struct TravelGate(Arc<RwLock<()>>);

impl TravelGate {
    /// Waits until nobody travels, and keeps everybody from setting out while the answer is held.
    pub async fn closed(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.0).read_owned().await
    }

    /// Keeps everybody else out while the answer is held.
    pub async fn travel(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.0).write_owned().await
    }
}
