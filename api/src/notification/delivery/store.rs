//! SQL for deliveries.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::LeaseHolder;
use entity::push_delivery::{ActiveModel, Column, DeliveryState, Entity, Model};
use sea_orm::sea_query::{CaseStatement, Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    QueryFilter as _,
};

use super::service::Queued;
use super::settle::Settled;
use crate::app::App;
use crate::db::leased::{self, Leased};
use crate::error::Fault;

/// The most rows that one statement writes, well within the 32,766 variables that SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

impl Leased for Entity {
    const ID: Column = Column::Id;
    const DUE: Column = Column::DueAt;
    const HOLDER: Column = Column::LeaseHolder;
    const UNTIL: Column = Column::LeaseUntil;
    const ATTEMPTS: Column = Column::Attempts;

    fn is_open() -> Expr {
        Expr::cust("\"push_delivery\".\"state\" IN ('queued', 'retrying')")
    }
}

/// Claims up to `limit` due deliveries under a lease, earliest first. No two callers get the same one.
pub(super) async fn claim(
    db: &impl ConnectionTrait,
    holder: LeaseHolder,
    at: (DateTime<Utc>, TimeDelta),
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let mut claimed = leased::claim::<Entity>(db, holder, Condition::all(), at, limit).await?;
    claimed.sort_by_key(|delivery| (delivery.due_at, delivery.id));
    Ok(claimed)
}

/// Returns when the next delivery can be claimed.
pub(super) async fn next_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, Fault> {
    leased::next_due::<Entity>(db).await
}

/// Inserts deliveries that are due immediately. A device gets each notification once.
pub(super) async fn add(
    app: &App,
    db: &impl ConnectionTrait,
    queued: &[Queued],
) -> Result<(), Fault> {
    let now = app.clock.now();
    for chunk in queued.chunks(ROWS_AT_ONCE) {
        let rows = chunk.iter().map(|queued| ActiveModel {
            id: Set(app.ids.next()),
            notification_id: Set(queued.notification),
            device_id: Set(queued.device),
            state: Set(DeliveryState::Queued),
            reason: Set(None),
            attempts: Set(0),
            due_at: Set(now),
            expires_at: Set(queued.expires_at),
            lease_holder: Set(None),
            lease_until: Set(None),
            provider_message_id: Set(None),
            created_at: Set(now),
            updated_at: Set(now),
        });
        let once = OnConflict::columns([Column::NotificationId, Column::DeviceId])
            .do_nothing()
            .to_owned();
        Entity::insert_many(rows)
            .on_conflict(once)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

/// A claimed delivery and the result to record.
pub(super) type Recorded = (Model, Settled);

/// Records the results of deliveries, one statement per kind of result. Skips deliveries that another holder or another
/// attempt has taken over. If one group cannot be written, the others still are; those that were not written are sent
/// again. Returns the number written.
pub(super) async fn record(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    recorded: Vec<Recorded>,
) -> Result<u64, Fault> {
    let mut groups: HashMap<_, Vec<Recorded>> = HashMap::new();
    for (delivery, settled) in recorded {
        let lease = (delivery.lease_holder, delivery.attempts);
        let group = groups.entry((settled.state, settled.reason, lease));
        group.or_default().push((delivery, settled));
    }
    let (mut written, mut failed) = (0, None);
    for ((state, reason, (holder, attempts)), rows) in groups {
        for rows in rows.chunks(ROWS_AT_ONCE) {
            let due_at = each(rows, Column::DueAt, |settled| settled.due_at);
            let message_id = each(rows, Column::ProviderMessageId, |settled| {
                settled.message_id.clone()
            });
            let update = Entity::update_many()
                .col_expr(Column::State, Expr::value(state))
                .col_expr(Column::Reason, Expr::value(reason))
                .col_expr(Column::DueAt, due_at)
                .col_expr(Column::ProviderMessageId, message_id)
                .col_expr(Column::LeaseHolder, Expr::value(None::<LeaseHolder>))
                .col_expr(Column::LeaseUntil, Expr::value(None::<DateTime<Utc>>))
                .col_expr(Column::UpdatedAt, Expr::value(now))
                .filter(Column::Id.is_in(rows.iter().map(|(delivery, _)| delivery.id)))
                .filter(leased::still_held::<Entity>(holder, attempts))
                .exec(db)
                .await;
            match update {
                Ok(update) => written += update.rows_affected,
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
    }
    failed.map_or(Ok(written), |fault| Err(fault.into()))
}

/// Returns an expression for the value of each row. A row without a value keeps the one it has.
fn each<V: Into<sea_orm::Value>>(
    rows: &[Recorded],
    column: Column,
    value: impl Fn(&Settled) -> Option<V>,
) -> Expr {
    let mut chosen = None;
    for (delivery, settled) in rows {
        if let Some(value) = value(settled) {
            let cases: CaseStatement = chosen.unwrap_or_default();
            chosen = Some(cases.case(Column::Id.eq(delivery.id), Expr::value(value)));
        }
    }
    match chosen {
        Some(cases) => cases.finally(Expr::col(column)).into(),
        None => Expr::col(column),
    }
}
