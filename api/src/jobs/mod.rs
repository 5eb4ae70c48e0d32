//! Background jobs: enqueued in the transaction that needs them, executed at least once.
//!
//! A job is claimed under a lease. Its attempts are counted at the claim, so that a job that kills its process is not
//! tried forever. Finishing is guarded by the lease's holder and the attempt: a worker that was thought dead cannot
//! finish a job that another has taken over.

pub mod backlog;
mod backoff;
mod kind;
pub(crate) mod store;

pub use backoff::backoff;
pub use kind::{AccountNotice, Job};
pub use store::{Once, enqueue, enqueue_all_once, enqueue_once, forget};
