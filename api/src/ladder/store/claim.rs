//! Which ladders have something to tell now.

use chrono::{DateTime, Utc};
use entity::MemberId;
use entity::ladder::{Column, Entity, Model};
use sea_orm::sea_query::{LockBehavior, LockType, OnConflict};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use crate::db::Tx;
use crate::error::Fault;

/// Up to `limit` ladders of which something is due, kept from others until the transaction ends; no two workers get the
/// same one, nor one whose owner is just showing that he is here.
pub async fn take_due(tx: &Tx, now: DateTime<Utc>, limit: u64) -> Result<Vec<Model>, Fault> {
    let due = Entity::find()
        .filter(Column::NextDueAt.lte(now))
        .order_by_asc(Column::NextDueAt)
        .limit(limit)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
    Ok(due.all(tx).await?)
}

/// Up to `limit` members behind one on whose ladders something is due some time, in their order.
pub async fn behind(tx: &Tx, after: Option<MemberId>, limit: u64) -> Result<Vec<MemberId>, Fault> {
    let found = Entity::find()
        .select_only()
        .column(Column::MemberId)
        .filter(Column::NextDueAt.is_not_null())
        .filter(Condition::all().add_option(after.map(|after| Column::MemberId.gt(after))))
        .order_by_asc(Column::MemberId)
        .limit(limit)
        .into_tuple();
    Ok(found.all(tx).await?)
}

/// When something falls due next on any ladder.
pub async fn next_due(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, Fault> {
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

/// Rows written by one statement: each takes six of the 32,766 variables SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// Writes when something of these ladders, which are held, is due next.
pub async fn put_all_on(tx: &Tx, rows: Vec<(Model, Option<DateTime<Utc>>)>) -> Result<(), Fault> {
    let instead = OnConflict::column(Column::MemberId)
        .update_column(Column::NextDueAt)
        .to_owned();
    for chunk in rows.chunks(ROWS_AT_ONCE) {
        let rows = chunk.iter().map(|(row, next_due_at)| {
            let (row, next_due_at) = (row.clone(), *next_due_at);
            Model { next_due_at, ..row }.into_active_model()
        });
        Entity::insert_many(rows)
            .on_conflict(instead.clone())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}
