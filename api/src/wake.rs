//! How the worker is woken.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells the workers in the same process that there is something to do, so that they need not wait for their
/// next look. Call it after the commit.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<watch::Sender<()>>);

impl Wake {
    /// There is something to do.
    pub fn wake(&self) {
        self.0.send_replace(());
    }

    /// Hears every call from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

/// Hears a [`Wake`].
#[derive(Debug)]
pub struct Listener(watch::Receiver<()>);

impl Listener {
    /// Waits for a call that came since the last one heard.
    pub async fn woken(&mut self) {
        // The other end lives as long as the app does.
        let _ = self.0.changed().await;
    }
}
