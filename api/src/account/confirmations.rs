//! Which generation of each session has been used, kept in memory and written down soon after.
//!
//! A refresh token may be sent again until its successor, or the access token that came with it, was used. An access token
//! is judged without asking the database: its first use in this process is noted here, and the session's
//! `confirmed_generation` is raised by a task of its own, once for each generation and process. The process itself knows at
//! once. Another learns of it within a second or so; until then, and where a process dies before it could write, a
//! predecessor is taken for one whose answer was lost, and is answered with the successor that is in use already. A copy is
//! then found out at the next exchange: two devices hold the same token, and whoever exchanges it last ends the session.

use std::collections::HashMap;
use std::time::Duration;

use entity::SessionId;
use tokio_util::sync::CancellationToken;

use super::store;
use crate::app::App;
use crate::confirmations::Confirmations;
use crate::db::{Done, transact};
use crate::error::Fault;

/// From one write to the next: what is used meanwhile goes into one statement.
const EVERY: Duration = Duration::from_millis(250);

/// A write that takes longer than this is given up, and made again.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes down what was used and is not written yet.
pub async fn write(app: &App) -> Result<(), Fault> {
    let taken = Taken::from(app);
    if taken.unwritten.is_empty() {
        return Ok(());
    }
    let mut used: Vec<_> = taken.unwritten.iter().map(|(id, at)| (*id, *at)).collect();
    // Two processes that take the same rows take them in one order.
    used.sort_unstable();
    transact!(app, |tx| {
        store::session::confirm(tx, &used).await?;
        Ok(Done::Keep(()))
    })?;
    taken.written();
    Ok(())
}

/// What is being written: put back unless it was, also when nobody waits for it any more.
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

/// Keeps writing until told to stop. It is said once that the database is away.
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
            Some(class) if !away => tracing::warn!(class, "used tokens cannot be written down"),
            None if away => tracing::info!("used tokens are written down again"),
            _ => {}
        }
        away = class.is_some();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Writes what is left at the end, when it can be done soon.
pub async fn write_last(app: &App) {
    // What is not written is taken for unused: see the module.
    let _ = tokio::time::timeout(PATIENCE, write(app)).await;
}
