//! Waking the worker.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells the workers in the same process that there is work, so that they need not wait for their next poll. Call it
/// after the commit.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<watch::Sender<()>>);

impl Wake {
    /// Wakes the workers.
    pub fn wake(&self) {
        self.0.send_replace(());
    }

    /// Returns a listener that receives every call from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

/// Receives the calls of a [`Wake`].
#[derive(Debug)]
pub struct Listener(watch::Receiver<()>);

impl Listener {
    /// Waits for a call since the last one that it received.
    pub async fn woken(&mut self) {
        // An error would mean that the sender is gone, but it lives as long as the app.
        let _ = self.0.changed().await;
    }
}
