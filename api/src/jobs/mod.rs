//! Background work: enqueued in the transaction that asks for it, done at least once.
//!
//! A job is claimed under a lease; its attempts rise at the claim, so that one that kills its process
//! is not tried for ever. Finishing is guarded by the lease's holder and the attempt: a worker that was
//! thought dead cannot finish what another has taken over.

pub mod backlog;
mod backoff;
mod kind;
pub(crate) mod store;

pub use backoff::backoff;
pub use kind::{AccountNotice, Job};
pub use store::{Once, enqueue, enqueue_all_once, enqueue_once, forget};
