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

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::delivery;
use crate::error::Fault;

/// When the next thing falls due: a job, a delivery, or what comes at a time of its own; none when nothing ever will. What cannot be
/// taken up yet, because another worker holds it or the sender pauses, counts from when it can.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    let mut all = vec![
        store::next_due(app.db.pool()).await?,
        delivery::service::next_due(app).await?,
    ];
    for due in &due::ALL {
        all.push((due.next)(app).await?);
    }
    Ok(all.into_iter().flatten().min())
}
