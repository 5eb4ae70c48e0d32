//! The end of a pool.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{sleep, timeout};

use super::Pool;

/// How long what is in use may take to come back, and then how long each connection may take to close.
const PATIENCE: Duration = Duration::from_secs(2);

impl Pool {
    /// Closes every connection. Whoever asks from now on is refused; what is silent is left behind.
    pub(in crate::db) async fn close(&self) {
        let set = self.0.places.current();
        let mut resting = set.connections.retain(|_, _| false).removed;
        // Before the places are gone, so that those in use end up here and not in a destructor.
        set.writers.close();
        let others = async {
            while set.connections.status().size > 0 {
                sleep(Duration::from_millis(10)).await;
                resting.extend(set.connections.retain(|_, _| false).removed);
            }
        };
        let _ = timeout(PATIENCE, others).await;
        set.close();
        let closing = resting.into_iter().map(|pooled| pooled.connection.close());
        let _ = timeout(PATIENCE, join_all(closing)).await;
    }
}
