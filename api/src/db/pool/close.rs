//! Closing a pool.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{sleep, timeout};

use super::Pool;

/// How long connections in use may take to come back, and then how long closing them may take.
const PATIENCE: Duration = Duration::from_secs(2);

impl Pool {
    /// Closes every connection. Later requests for one fail. Connections that do not answer in time are abandoned.
    pub(in crate::db) async fn close(&self) {
        let set = self.0.places.current();
        let mut resting = set.connections.retain(|_, _| false).removed;
        // The places themselves close later, so that connections in use still come back here instead of being dropped.
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
