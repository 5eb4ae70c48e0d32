//! Write transactions that survive being told to try again, and what follows their commit.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use entity::MemberId;

use crate::app::App;
use crate::bus::Event;
use crate::db::{Done, Tx};
use crate::error::Fault;
use crate::{nudge, sync, visibility};

/// Transient refusals of the database before giving up. With waits that double from 5 ms the last
/// comes after about 0.6 s.
const TRIES: u32 = 8;

/// No try begins later than this after the first: each may have waited some seconds for a lock.
const LATEST: Duration = Duration::from_secs(10);

/// The tries of one write transaction; [`transact!`](crate::transact) drives it.
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

    /// Ends the transaction as its work says. Returns `None` when the work is to be run again.
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

/// A try that failed.
struct Failed {
    fault: Fault,
    /// Whether the database may have committed all the same: the answer to the commit is missing.
    may_be_done: bool,
}

impl Failed {
    /// Whether another try may succeed, and does nothing twice. Who lost his connection before the commit has done
    /// nothing yet: the server went, or ended a transaction that slept.
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

/// Rolls back after a fault, which says more than what the rollback might run into.
async fn undo(tx: Tx, fault: Fault) -> Fault {
    let _ = tx.rollback().await;
    fault
}

/// Writes what changed of what phones keep, commits, and lets follow what follows a commit.
async fn keep(app: &App, tx: Tx) -> Result<(), Failed> {
    if let Err(fault) = nudge::service::subjects_gone(&tx, &tx.gone_so_far()).await {
        return Err(undo(tx, fault).await.into());
    }
    let effects = tx.take_effects();
    let written = async {
        let unheard = strangers(&tx, &effects.events).await?;
        sync::service::write(app, &tx, effects.changes).await?;
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

/// Of these events: whom each is about and who is told, where the two cannot see each other.
async fn strangers(
    tx: &Tx,
    events: &[(MemberId, Event)],
) -> Result<HashSet<(MemberId, MemberId)>, Fault> {
    let pairs = events
        .iter()
        .map(|(about, event)| (*about, event.member()))
        .filter(|(about, told)| about != told);
    visibility::strangers(tx, &pairs.collect::<Vec<_>>()).await
}

/// Runs a block in a write transaction: `transact!(app, |tx| { … Ok(Done::Keep(outcome)) })` is a
/// `Result<outcome, Fault>`, and stands in an async function. Only [`Done::Keep`] commits. When the
/// database answers that another transaction was in the way, the block runs again from its beginning:
/// it must have no effect outside the transaction, and moves nothing out of its surroundings. What is to follow the
/// commit it leaves with the [`Tx`](crate::db::Tx).
///
/// A macro, because an async closure that borrows from its surroundings cannot be shown to be `Send`.
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
