//! Whether anybody still waits for what a task does. A mutation goes on when its client has gone, because what follows
//! its commit must not be lost; but costly work that comes before need not be begun for nobody.

use tokio_util::sync::{CancellationToken, DropGuard};

tokio::task_local! {
    static LEFT: CancellationToken;
}

/// Whoever waits holds this.
#[derive(Debug)]
pub struct Waits {
    _left: DropGuard,
}

/// For the task that is waited for; see [`scope`](Self::scope).
#[derive(Clone, Debug)]
pub struct Awaited(CancellationToken);

/// Somebody who waits, and what the work he waits for is told of it.
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
    /// Runs work that may ask whether it is still waited for.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        LEFT.scope(self.0, work).await
    }
}

/// Until nobody waits any more; for ever in a task that nobody was said to wait for.
pub async fn for_nobody() {
    match LEFT.try_with(Clone::clone) {
        Ok(left) => left.cancelled().await,
        Err(_) => std::future::pending().await,
    }
}
