//! Write transactions with retries, and the effects of their commit.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use entity::MemberId;

use crate::app::App;
use crate::bus::Event;
use crate::error::Fault;
use crate::tx::{Done, Tx};
use crate::{feed, outbox, visibility};

/// How often a transaction is tried again after a transient fault. The pauses double from 10 ms to 640 ms.
const TRIES: u32 = 8;

/// No attempt begins later than this after the first, since each may have waited some seconds for a lock.
const LATEST: Duration = Duration::from_secs(10);

/// The attempts of one write transaction. [`transact!`](crate::transact) drives it.
#[derive(Debug)]
pub struct Tries {
    done: u32,
    began: Instant,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            done: 0,
            began: Instant::now(),
        }
    }
}

impl Tries {
    /// Opens a write transaction.
    pub async fn begin(&self, app: &App) -> Result<Tx, Fault> {
        Tx::begin(&app.db, app.clock.now()).await
    }

    /// Commits or rolls back, according to the outcome of the work. Returns `None` if the work must be run again.
    pub async fn settle<T>(
        &mut self,
        app: &App,
        tx: Tx,
        outcome: Result<Done<T>, Fault>,
    ) -> Option<Result<T, Fault>> {
        let settled = match outcome {
            Ok(Done::Keep(outcome)) => keep(app, tx).await.map(|()| outcome),
            Ok(Done::Undo(outcome)) => tx.rollback().await.map(|()| outcome).map_err(Failed::from),
            Err(fault) => Err(undo(tx, fault).await.into()),
        };
        match settled {
            Err(failed)
                if failed.may_pass() && self.done < TRIES && self.began.elapsed() < LATEST =>
            {
                self.done += 1;
                metrics::counter!("belay_db_transaction_retries_total").increment(1);
                tokio::time::sleep(Duration::from_millis(5 << self.done.min(7))).await;
                None
            }
            settled => Some(settled.map_err(|failed| failed.fault)),
        }
    }
}

/// A failed attempt.
struct Failed {
    fault: Fault,
    /// Whether the database may have committed, because the answer to the commit is missing.
    may_be_done: bool,
}

impl Failed {
    /// Whether another attempt may succeed and does nothing twice. If the connection was lost before the commit,
    /// nothing was done: the server went away, or ended an idle transaction.
    fn may_pass(&self) -> bool {
        self.fault.is_transient() || (!self.may_be_done && self.fault.is_lost_connection())
    }
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            may_be_done: false,
        }
    }
}

/// Rolls back after a fault. Returns that fault, which says more than an error of the rollback.
async fn undo(tx: Tx, fault: Fault) -> Fault {
    let _ = tx.rollback().await;
    fault
}

/// Writes the changes for members' devices, commits, and applies the effects of the commit.
async fn keep(app: &App, tx: Tx) -> Result<(), Failed> {
    if let Err(fault) = outbox::subjects_gone(&tx, &tx.gone_so_far()).await {
        return Err(undo(tx, fault).await.into());
    }
    // After the step above, which may record changes itself.
    let effects = tx.take_effects();
    let written = async {
        let unheard = mutually_invisible(&tx, &effects.events).await?;
        // Last, because feeds come last in the lock order.
        feed::write(app, &tx, effects.changes).await?;
        Ok::<_, Fault>(unheard)
    };
    let unheard = match written.await {
        Ok(unheard) => unheard,
        Err(fault) => return Err(undo(tx, fault).await.into()),
    };
    tx.commit().await.map_err(|fault| Failed {
        fault,
        may_be_done: true,
    })?;
    for (sessions, at) in &effects.ended {
        app.revocations.add(sessions, *at);
        app.bus.sessions_ended(sessions, *at);
    }
    for line in effects.security {
        line.write();
    }
    for (about, event) in &effects.events {
        if !unheard.contains(&(*about, event.member())) {
            app.bus.publish(event);
        }
    }
    if effects.wake {
        app.wake.wake();
    }
    Ok(())
}

/// Returns, for the given events, the pairs of the member that it is about and its receiver that cannot see each other.
async fn mutually_invisible(
    tx: &Tx,
    events: &[(MemberId, Event)],
) -> Result<HashSet<(MemberId, MemberId)>, Fault> {
    let pairs = events
        .iter()
        .map(|(about, event)| (*about, event.member()))
        .filter(|(about, receiver)| about != receiver);
    visibility::mutually_invisible(tx, &pairs.collect::<Vec<_>>()).await
}

/// Runs a block in a write transaction: `transact!(app, |tx| { … Ok(Done::Keep(outcome)) })` is a `Result<outcome,
/// Fault>`. Use it in an async function. Only [`Done::Keep`] commits.
///
/// If the database reports a conflict with another transaction, the block runs again from its beginning. So it must
/// have no effect outside the transaction, and must not move values out of its environment. It leaves the effects of
/// the commit with the [`Tx`](crate::tx::Tx).
///
/// This is a macro because an async closure that borrows from its environment cannot be shown to be `Send`.
#[macro_export]
macro_rules! transact {
    ($app:expr, |$tx:ident| $work:block) => {{
        let unit_of: &$crate::app::App = &$app;
        let mut tries = $crate::work::Tries::default();
        loop {
            let tx = tries.begin(unit_of).await;
            let tx = match tx {
                Ok(tx) => tx,
                Err(fault) => break Err(fault),
            };
            let outcome = async {
                let $tx = &tx;
                $work
            }
            .await;
            if let Some(settled) = tries.settle(unit_of, tx, outcome).await {
                break settled;
            }
        }
    }};
}
