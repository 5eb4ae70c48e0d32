//! Write transactions that survive being told to try again.

use std::time::Duration;

use sea_orm::{
    DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};

use super::Db;
use crate::error::Fault;

/// An open write transaction.
pub type Tx = DatabaseTransaction;

/// How a write transaction ends when nothing went wrong.
#[derive(Debug)]
pub enum Done<T> {
    /// What was written stays.
    Keep(T),
    /// What was written is undone: the outcome is a refusal.
    Undo(T),
}

/// Transient refusals of the database before giving up. With waits that double from 5 ms the last
/// comes after about 0.6 s.
const TRIES: u32 = 8;

/// The tries of one write transaction; [`transact!`](crate::transact) drives it.
#[derive(Debug, Default)]
pub struct Tries(u32);

impl Tries {
    /// Opens a write transaction. On SQLite the write lock is taken at once: under load a later upgrade
    /// would be refused.
    pub async fn begin(&self, db: &Db) -> Result<Tx, Fault> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(db.pool.begin_with_options(options).await?)
    }

    /// Ends the transaction as its work says; none when the work is to be run again.
    pub async fn settle<T>(
        &mut self,
        tx: Tx,
        outcome: Result<Done<T>, Fault>,
    ) -> Option<Result<T, Fault>> {
        let settled = match outcome {
            Ok(Done::Keep(outcome)) => tx.commit().await.map(|()| outcome).map_err(Fault::from),
            Ok(Done::Undo(outcome)) => tx.rollback().await.map(|()| outcome).map_err(Fault::from),
            // What the work ran into says more than what the rollback might.
            Err(fault) => tx
                .rollback()
                .await
                .map_or(Err(fault.clone()), |()| Err(fault)),
        };
        match settled {
            Err(fault) if fault.is_transient() && self.0 < TRIES => {
                self.0 += 1;
                metrics::counter!("belay_db_transaction_retries_total").increment(1);
                tokio::time::sleep(Duration::from_millis(5 << self.0.min(7))).await;
                None
            }
            settled => Some(settled),
        }
    }
}

/// Runs a block in a write transaction: `transact!(app.db, |tx| { … Ok(Done::Keep(outcome)) })` is a
/// `Result<outcome, Fault>`, and stands in an async function. Only [`Done::Keep`] commits. When the
/// database answers that another transaction was in the way, the block runs again from its beginning:
/// it must have no effect outside the transaction, and moves nothing out of its surroundings.
///
/// A macro, because an async closure that borrows from its surroundings cannot be shown to be `Send`.
#[macro_export]
macro_rules! transact {
    ($db:expr, |$tx:ident| $work:block) => {{
        let mut tries = $crate::db::Tries::default();
        loop {
            let tx = tries.begin(&$db).await;
            let tx = match tx {
                Ok(tx) => tx,
                Err(fault) => break Err(fault),
            };
            let outcome = async {
                let $tx = &tx;
                $work
            }
            .await;
            if let Some(settled) = tries.settle(tx, outcome).await {
                break settled;
            }
        }
    }};
}
