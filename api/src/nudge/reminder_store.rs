//! The check-in reminders' table.

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, Utc};
use entity::MemberId;
use entity::check_in_reminder::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{Expr, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use crate::db::Tx;
use crate::error::Fault;

/// A member's reminder.
pub(super) async fn of(
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(member).one(db).await?)
}

/// A member's reminder, kept from others until the transaction ends.
pub(super) async fn hold(tx: &Tx, member: MemberId) -> Result<Option<Model>, Fault> {
    let found = Entity::find_by_id(member).lock(LockType::NoKeyUpdate);
    Ok(found.one(tx).await?)
}

/// Sets a member's reminder.
pub(super) async fn set(
    tx: &Tx,
    member: MemberId,
    local_time: NaiveTime,
    next_due_at: Option<DateTime<Utc>>,
) -> Result<(), Fault> {
    let row = ActiveModel {
        member_id: Set(member),
        local_time: Set(local_time),
        enabled: Set(next_due_at.is_some()),
        next_due_at: Set(next_due_at),
    };
    let instead = OnConflict::column(Column::MemberId)
        .update_columns([Column::LocalTime, Column::Enabled, Column::NextDueAt])
        .to_owned();
    Entity::insert(row)
        .on_conflict(instead)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Up to `limit` reminders that are due, kept from others until the transaction ends; no two workers get
/// the same one.
pub(super) async fn take_due(tx: &Tx, now: DateTime<Utc>, limit: u64) -> Result<Vec<Model>, Fault> {
    let due = Entity::find()
        .filter(Column::NextDueAt.lte(now))
        .order_by_asc(Column::NextDueAt)
        .limit(limit)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
    Ok(due.all(tx).await?)
}

/// Members bound to one statement.
const ROWS_AT_ONCE: usize = 1000;

/// Writes when each falls due next: a statement for each instant, of which a batch has few, because it is
/// taken in the order of time.
pub(super) async fn put_next(
    tx: &Tx,
    next: &HashMap<DateTime<Utc>, Vec<MemberId>>,
) -> Result<(), Fault> {
    for (at, members) in next {
        for members in members.chunks(ROWS_AT_ONCE) {
            Entity::update_many()
                .col_expr(Column::NextDueAt, Expr::value(*at))
                .filter(Column::MemberId.is_in(members.iter().copied()))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

/// When the next reminder falls due.
pub(super) async fn next_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, Fault> {
    let next = Entity::find()
        .select_only()
        .column(Column::NextDueAt)
        .filter(Column::NextDueAt.is_not_null())
        .order_by_asc(Column::NextDueAt)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}
