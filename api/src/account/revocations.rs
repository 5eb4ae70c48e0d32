//! How each process learns which sessions were ended.
//!
//! What ends a session in this process is known at once; what ended it in another is heard over the bus where there
//! is one, and read every second in any case. Only the last access-token life matters: older tokens have ended by themselves.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::store;
use crate::app::App;
use crate::error::Fault;

/// From the end of a look to the next. A session that is ended just after one began is known after one that was
/// refused or took too long for nothing, this, and another look: within three seconds, so that what lasts longer than a
/// request, which is judged again every second, has ended everywhere within five.
const EVERY: Duration = Duration::from_secs(1);

/// A look that takes longer than this is given up, and made again: without a bound it would wait for a connection, or
/// for a database that does not answer, while ended sessions are taken for open.
const PATIENCE: Duration = Duration::from_secs(1);

/// A revocation is dated before it is committed, and by another machine's clock: each look goes back so far.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);

/// Reads what was ended since the last look; the first goes back as far as matters. Do it once before
/// requests are taken.
pub async fn poll(app: &App) -> Result<(), Fault> {
    let now = app.clock.now();
    let life = TimeDelta::minutes(app.config.auth.access_token_minutes.into()) + OVERLAP;
    let oldest = now - life;
    // A clock that was ahead for a moment read up to an instant that is still to come.
    let read_up_to = app.revocations.read_up_to();
    let since = read_up_to.map_or(oldest, |at| (at.min(now) - OVERLAP).max(oldest));
    let ended = store::session::revoked_since(app.db.pool(), since).await?;
    app.revocations.read(ended, oldest, now);
    Ok(())
}

/// Keeps reading until told to stop. A database that is away is asked again: until then tokens of
/// sessions ended elsewhere are good for the rest of their minutes. It is said once that it is away.
pub async fn watch(app: App, stop: CancellationToken) {
    let mut away = false;
    loop {
        let looked = tokio::select! {
            () = stop.cancelled() => return,
            looked = tokio::time::timeout(PATIENCE, poll(&app)) => looked,
        };
        let (class, pause) = match looked {
            Ok(Ok(())) => (None, EVERY),
            Ok(Err(fault)) => (Some(fault.class()), EVERY),
            // It has waited long enough.
            Err(_) => (Some("no answer in time".to_owned()), Duration::ZERO),
        };
        match &class {
            Some(class) if !away => tracing::warn!(class, "ended sessions cannot be read"),
            None if away => tracing::info!("ended sessions are read again"),
            _ => {}
        }
        away = class.is_some();
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
