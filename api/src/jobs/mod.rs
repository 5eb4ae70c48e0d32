//! Background work: enqueued in the transaction that asks for it, done at least once.
//!
//! A job is claimed under a lease; its attempts rise at the claim, so that one that kills its process
//! is not tried for ever. Finishing is guarded by the lease's holder and the attempt: a worker that was
//! thought dead cannot finish what another has taken over.

mod backoff;
mod kind;
mod store;
pub mod worker;

pub use backoff::backoff;
pub use kind::{AccountNotice, Job};
pub use store::{enqueue, enqueue_once, next_due};
pub use worker::Worker;

use std::sync::Arc;

use tokio::sync::Notify;

/// Tells a worker in the same process that there is something to do, so that it need not wait for its
/// next look. Call it after the commit.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There is something to do.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until there is.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}
