//! The check-in reminders' table.

use chrono::{DateTime, NaiveTime, Utc};
use entity::MemberId;
use entity::check_in_reminder::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{LockBehavior, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    IntoActiveModel, QueryFilter as _, QueryOrder as _, QuerySelect as _,
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
        ignored: Set(0),
        ignored_since: Set(None),
    };
    let instead = OnConflict::column(Column::MemberId)
        .update_columns([
            Column::LocalTime,
            Column::Enabled,
            Column::NextDueAt,
            Column::Ignored,
            Column::IgnoredSince,
        ])
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

/// Up to `limit` reminders of the members behind one that come some time, by their members, locked
/// `FOR NO KEY UPDATE`.
pub(super) async fn behind(
    tx: &Tx,
    after: Option<MemberId>,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::NextDueAt.is_not_null())
        .filter(Condition::all().add_option(after.map(|after| Column::MemberId.gt(after))))
        .order_by_asc(Column::MemberId)
        .limit(limit)
        .lock(LockType::NoKeyUpdate);
    Ok(found.all(tx).await?)
}

/// Rows written by one statement: each takes six of the 32,766 variables SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// Writes reminders that are held: when each falls due next, and what it has come to.
pub(super) async fn put_all(tx: &Tx, rows: Vec<Model>) -> Result<(), Fault> {
    let instead = OnConflict::column(Column::MemberId)
        .update_columns([Column::NextDueAt, Column::Ignored, Column::IgnoredSince])
        .to_owned();
    let mut rows = rows
        .into_iter()
        .map(IntoActiveModel::into_active_model)
        .peekable();
    while rows.peek().is_some() {
        let chunk: Vec<ActiveModel> = rows.by_ref().take(ROWS_AT_ONCE).collect();
        Entity::insert_many(chunk)
            .on_conflict(instead.clone())
            .exec_without_returning(tx)
            .await?;
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
