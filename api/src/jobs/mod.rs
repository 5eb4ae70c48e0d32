//! Background work: enqueued in the transaction that asks for it, done at least once.
//!
//! A job is claimed under a lease; its attempts rise at the claim, so that one that kills its process
//! is not tried for ever. Finishing is guarded by the lease's holder and the attempt: a worker that was
//! thought dead cannot finish what another has taken over.

pub mod backlog;
mod backoff;
mod due;
mod housekeeping;
mod kind;
mod store;
pub mod worker;

pub use backoff::backoff;
pub use kind::{AccountNotice, Job};
pub use store::{Once, enqueue, enqueue_all_once, enqueue_once, forget};
pub use worker::Worker;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::app::App;
use crate::error::Fault;
use crate::push;

/// When the next thing falls due: a job, a delivery, or what comes at a time of its own; none when nothing ever will. What cannot be
/// taken up yet, because another worker holds it or the sender pauses, counts from when it can.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    let mut all = vec![
        store::next_due(app.db.pool()).await?,
        push::service::next_due(app).await?,
    ];
    for due in &due::ALL {
        all.push((due.next)(app).await?);
    }
    Ok(all.into_iter().flatten().min())
}

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
