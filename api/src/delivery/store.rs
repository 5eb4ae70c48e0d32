//! The deliveries' table.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::LeaseHolder;
use entity::push_delivery::{ActiveModel, Column, DeliveryState, Entity, Model};
use sea_orm::sea_query::{
    CaseStatement, Expr, ExprTrait as _, LockBehavior, LockType, OnConflict, Query,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, Order, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::service::Queued;
use super::settle::Settled;
use crate::app::App;
use crate::error::Fault;

/// Rows written by one statement, well within the 32,766 variables SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// What is still on its way. Written out and not bound: a partial index serves no statement that leaves the
/// states open.
fn open() -> Expr {
    Expr::cust("\"push_delivery\".\"state\" IN ('queued', 'retrying')")
}

/// Adds deliveries, due at once; a device gets each notification once.
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

/// Takes up to `limit` deliveries that are due under a lease; no two callers get the same one.
pub(super) async fn claim(
    db: &impl ConnectionTrait,
    holder: LeaseHolder,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let free = Column::LeaseUntil.is_null().or(Column::LeaseUntil.lte(now));
    let due = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(open())
        .and_where(Column::DueAt.lte(now))
        .and_where(free)
        .order_by(Column::DueAt, Order::Asc)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    let mut claimed = Entity::update_many()
        .col_expr(Column::LeaseHolder, Expr::value(holder))
        .col_expr(Column::LeaseUntil, Expr::value(now + lease))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.in_subquery(due))
        .exec_with_returning(db)
        .await?;
    claimed.sort_by_key(|delivery| (delivery.due_at, delivery.id));
    Ok(claimed)
}

/// A claimed delivery and what is to be written down about it.
pub(super) type Recorded = (Model, Settled);

/// Writes down what became of deliveries, a statement for each way they ended. Those that were taken over
/// meanwhile, by another holder or in another attempt, are left alone. A group that cannot be written keeps no other from
/// it: what is not written is sent again. Returns how many were written.
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
                .filter(Column::LeaseHolder.eq(holder))
                .filter(Column::Attempts.eq(attempts))
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

/// The value each row gets; a row without one keeps what it has.
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

/// When the next delivery can be taken up.
pub(super) async fn next_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, Fault> {
    let at = Expr::col(Column::LeaseUntil).if_null(Expr::col(Column::DueAt));
    let next = Entity::find()
        .select_only()
        .expr_as(at.clone(), "at")
        .filter(open())
        .order_by(at, Order::Asc)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}
