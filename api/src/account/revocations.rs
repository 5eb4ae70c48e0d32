//! How each process learns which sessions were ended.
//!
//! A session that ends in this process is known at once. A session that ends in another process is announced over the
//! bus, if there is one, and read from the database every second in any case. Only the last access-token life matters:
//! older tokens have expired by themselves.

use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;

use super::store;
use crate::app::App;
use crate::error::Fault;

/// The pause from the end of one look to the start of the next. In the worst case, a session ends just after a look
/// began, and that look fails or times out; after it come this pause and another look. So an ended session is known
/// within three seconds. Long-lived connections are checked again every second, so they have ended everywhere within
/// five.
const EVERY: Duration = Duration::from_secs(1);

/// A look that takes longer than this is abandoned and repeated. Without a bound it would wait for a connection, or
/// for a database that does not answer, while ended sessions count as open.
const PATIENCE: Duration = Duration::from_secs(1);

/// How far each look reaches back: a revocation is dated before it is committed, and by another machine's clock.
const OVERLAP: TimeDelta = TimeDelta::seconds(60);

/// Reads the sessions that ended since the last look. The first look reaches back one access-token life. Call it once
/// before requests are served.
pub async fn poll(app: &App) -> Result<(), Fault> {
    let now = app.clock.now();
    let life = TimeDelta::minutes(app.config.auth.access_token_minutes.into()) + OVERLAP;
    let oldest = now - life;
    // If this clock was ahead for a moment, `read_up_to` lies in the future.
    let read_up_to = app.revocations.read_up_to();
    let since = read_up_to.map_or(oldest, |at| (at.min(now) - OVERLAP).max(oldest));
    let ended = store::session::revoked_since(app.db.pool(), since).await?;
    app.revocations.read(ended, oldest, now);
    Ok(())
}

/// Reads until `stop` is cancelled. If the database is away, it is asked again; until then, tokens of sessions that
/// ended elsewhere stay good for the rest of their minutes. Logs once that the database is away.
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
            // The timeout was pause enough.
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
