//! Statistics of a request: its statements, the time that the database took for them, and its refusals.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::problem::ProblemCode;

tokio::task_local! {
    static CURRENT: Stats;
}

/// Counts the statements of one request, over all the tasks it is split into.
#[derive(Clone, Debug, Default)]
pub struct Stats(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    request: Option<Uuid>,
    statements: AtomicU64,
    nanos: AtomicU64,
    refused: Mutex<Vec<Refused>>,
}

/// A refusal in a payload: the type of the error, and its code.
pub type Refused = (&'static str, ProblemCode);

/// The counts of a [`Stats`] at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatsSnapshot {
    /// Statements sent, without BEGIN and COMMIT.
    pub statements: u64,
    /// Time spent waiting for their answers.
    pub time: Duration,
}

impl Stats {
    /// The counter of the request with this id.
    pub fn of_request(id: Uuid) -> Self {
        Self(Arc::new(Counters {
            request: Some(id),
            ..Counters::default()
        }))
    }

    /// Returns the id of the running request, or `None` outside a request.
    pub fn request() -> Option<Uuid> {
        CURRENT.try_with(|Self(counters)| counters.request).ok()?
    }

    /// Runs `work` and counts its statements in `self`.
    pub async fn scope<F: Future>(&self, work: F) -> F::Output {
        CURRENT.scope(self.clone(), work).await
    }

    /// Returns the counter of the running request, to pass to the tasks that it spawns. Returns `None` outside a
    /// request.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Records an expected refusal of the running request.
    pub fn refused(error: &'static str, code: ProblemCode) {
        // Outside a request there is no counter.
        let _ = CURRENT.try_with(|Self(counters)| {
            let mut refused = counters
                .refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            refused.push((error, code));
        });
    }

    /// Returns the refusals so far.
    pub fn refusals(&self) -> Vec<Refused> {
        let refused = self
            .0
            .refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        refused.clone()
    }

    /// Returns the counts so far.
    pub fn snapshot(&self) -> StatsSnapshot {
        StatsSnapshot {
            statements: self.0.statements.load(Ordering::Relaxed),
            time: Duration::from_nanos(self.0.nanos.load(Ordering::Relaxed)),
        }
    }
}

pub(super) fn record(elapsed: Duration) {
    metrics::histogram!("belay_db_statement_seconds").record(elapsed);
    // Outside a request there is no counter.
    let _ = CURRENT.try_with(|Stats(counters)| {
        counters.statements.fetch_add(1, Ordering::Relaxed);
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        counters.nanos.fetch_add(nanos, Ordering::Relaxed);
    });
}
