//! Applies the policy again at the moment of sending, and removes old notifications from the inbox.

use chrono::{DateTime, TimeDelta, Utc};
use entity::NotificationId;
use entity::notification::Kind;
use sea_orm::ConnectionTrait;

use super::policy::{Verdict, judge};
use super::{plan, store};
use crate::app::App;
use crate::error::Fault;
use crate::outbox::is_in_inbox;
use crate::transact;
use crate::tx::Done;

/// How long a notification stays in the inbox.
const KEPT: TimeDelta = TimeDelta::days(90);
/// The most notifications that one statement removes.
const REMOVED_AT_ONCE: u64 = 1000;

/// A notification at the moment of sending.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    /// The id.
    pub id: NotificationId,
    /// The kind.
    pub kind: Kind,
    /// The instant from which it may no longer be sent.
    pub expires_at: DateTime<Utc>,
    /// The policy's current verdict.
    pub verdict: Verdict,
}

/// Applies the policy again, at the moment of sending. Leaves out notifications that no longer exist.
pub async fn check(
    app: &App,
    db: &impl ConnectionTrait,
    notifications: &[NotificationId],
) -> Result<Vec<Checked>, Fault> {
    let rows = store::by_ids(db, notifications).await?;
    let facts = plan::facts(app, db, &rows).await?;
    let checked = rows.iter().zip(facts).map(|(row, facts)| Checked {
        id: row.id,
        kind: row.kind,
        expires_at: row.expires_at,
        verdict: judge(&facts),
    });
    Ok(checked.collect())
}

/// Removes one batch of old notifications with their deliveries. Returns whether there may be more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let before = app.clock.now() - KEPT;
    let removed = transact!(app, |tx| {
        let removed = store::remove_old(tx, before, REMOVED_AT_ONCE).await?;
        for row in &removed {
            if is_in_inbox(row) {
                tx.gone(row.member_id, row.id);
            }
        }
        Ok(Done::Keep(removed.len() as u64))
    })?;
    Ok(removed == REMOVED_AT_ONCE)
}
