//! Whether a client still waits for the work of a task. A mutation goes on after its client has gone, because the
//! effects of its commit must not be lost. But costly work before it need not be begun then.

use tokio_util::sync::{CancellationToken, DropGuard};

tokio::task_local! {
    static LEFT: CancellationToken;
}

/// Held by the one that waits. Dropping it says that nobody waits any more.
#[derive(Debug)]
pub struct Waits {
    _left: DropGuard,
}

/// For the task that is waited for: see [`scope`](Self::scope).
#[derive(Clone, Debug)]
pub struct Awaited(CancellationToken);

/// Returns a guard for the one that waits, and its counterpart for the work.
pub fn pair() -> (Waits, Awaited) {
    let left = CancellationToken::new();
    (
        Waits {
            _left: left.clone().drop_guard(),
        },
        Awaited(left),
    )
}

impl Awaited {
    /// Runs work that can ask whether somebody still waits for it.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        LEFT.scope(self.0, work).await
    }
}

/// Waits until nobody waits for this task any more. Outside a [`scope`](Awaited::scope) it never returns.
pub async fn for_nobody() {
    match LEFT.try_with(Clone::clone) {
        Ok(left) => left.cancelled().await,
        Err(_) => std::future::pending().await,
    }
}
