//! SQL for check-in reminders.

use chrono::{DateTime, NaiveTime, Utc};
use entity::MemberId;
use entity::check_in_reminder::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{LockType, OnConflict};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait as _, QuerySelect as _};

use crate::db::due::{self, Due};
use crate::error::Fault;
use crate::tx::{Rank, Tx};

/// Returns a member's reminder.
pub(super) async fn of(
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(member).one(db).await?)
}

/// Returns a member's reminder, locked `FOR NO KEY UPDATE`.
pub(super) async fn load_locked(tx: &Tx, member: MemberId) -> Result<Option<Model>, Fault> {
    tx.lock(Rank::Reminder);
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

impl Due for Entity {
    const ID: Column = Column::MemberId;
    const AT: Column = Column::NextDueAt;
    const WRITTEN: &'static [Column] = &[Column::NextDueAt, Column::Ignored, Column::IgnoredSince];
}

/// Returns up to `limit` scheduled reminders of members after `after`, by ascending member id, locked `FOR NO KEY
/// UPDATE`.
pub(super) async fn behind(
    tx: &Tx,
    after: Option<MemberId>,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    tx.lock(Rank::Reminder);
    let found = due::behind::<Entity>(after, limit).lock(LockType::NoKeyUpdate);
    Ok(found.all(tx).await?)
}
