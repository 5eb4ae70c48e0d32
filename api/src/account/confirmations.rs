//! Records which generation of each session has been used: in memory at once, in the database soon after.
//!
//! A refresh token may be sent again until its successor, or the access token that came with it, has been used. An
//! access token is checked without asking the database. This process notes the token's first use here, and a task of
//! its own raises the session's `confirmed_generation`, once for each generation and process. This process knows at
//! once; others learn of it within about a second. Until then, and if a process dies before it could write, a
//! predecessor counts as a token whose answer was lost. It is answered with the successor that is already in use. A
//! copy is then found at the next exchange: two devices hold the same token, and the last one to exchange it ends the
//! session.

use std::collections::HashMap;
use std::time::Duration;

use entity::SessionId;
use tokio_util::sync::CancellationToken;

use super::store;
use crate::app::App;
use crate::confirmations::Confirmations;
use crate::error::Fault;
use crate::transact;
use crate::tx::Done;

/// The pause between two writes. Generations that are used meanwhile go into one statement.
const EVERY: Duration = Duration::from_millis(250);

/// A write that takes longer than this is abandoned and repeated.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes the used generations that are not written yet.
pub async fn write(app: &App) -> Result<(), Fault> {
    let taken = Taken::from(app);
    if taken.unwritten.is_empty() {
        return Ok(());
    }
    let mut used: Vec<_> = taken.unwritten.iter().map(|(id, at)| (*id, *at)).collect();
    // In one order, so that two processes that lock the same rows do not deadlock.
    used.sort_unstable();
    transact!(app, |tx| {
        store::session::confirm(tx, &used).await?;
        Ok(Done::Keep(()))
    })?;
    taken.written();
    Ok(())
}

/// The generations being written. Dropping it puts them back unless they were written, also when the write was
/// cancelled.
struct Taken<'a> {
    from: &'a Confirmations,
    unwritten: HashMap<SessionId, i32>,
}

impl<'a> Taken<'a> {
    fn from(app: &'a App) -> Self {
        let from = &app.confirmations;
        Self {
            from,
            unwritten: from.take_unwritten(app.clock.now()),
        }
    }

    fn written(mut self) {
        self.unwritten.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if !self.unwritten.is_empty() {
            self.from.put_back(std::mem::take(&mut self.unwritten));
        }
    }
}

/// Writes until `stop` is cancelled. Logs once that the database is away, and once that it is back.
pub async fn watch(app: App, stop: CancellationToken) {
    let mut away = false;
    loop {
        if !away {
            tokio::select! {
                () = stop.cancelled() => return,
                () = app.confirmations.added() => {}
            }
        }
        let class = match tokio::time::timeout(PATIENCE, write(&app)).await {
            Ok(Ok(())) => None,
            Ok(Err(fault)) => Some(fault.class()),
            Err(_) => Some("no answer in time".to_owned()),
        };
        match &class {
            Some(class) if !away => tracing::warn!(class, "used tokens cannot be recorded"),
            None if away => tracing::info!("used tokens are recorded again"),
            _ => {}
        }
        away = class.is_some();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Writes the rest at shutdown, if the database answers soon.
pub async fn write_last(app: &App) {
    // Unwritten generations count as unused: see the module.
    let _ = tokio::time::timeout(PATIENCE, write(app)).await;
}
