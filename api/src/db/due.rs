//! Tables of rows that fall due: each row has an indexed instant of its next turn, or null for never.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::{LockBehavior, LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select, Value,
};

use crate::error::Fault;

/// How many variables SQLite allows in one statement.
const VARIABLES: usize = 32_766;

/// A table whose rows fall due.
pub trait Due: EntityTrait {
    /// The primary key.
    const ID: Self::Column;
    /// When a row is due next, or null for never.
    const AT: Self::Column;
    /// The columns to write after a row's turn.
    const WRITTEN: &'static [Self::Column];
}

/// Fetches up to `limit` due rows, the earliest first, locked `FOR NO KEY UPDATE`. Skips rows that another worker has
/// locked, so that no two workers get the same one.
pub async fn take_due<E: Due>(
    tx: &impl ConnectionTrait,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<E::Model>, Fault> {
    let due = E::find()
        .filter(E::AT.lte(now))
        .order_by_asc(E::AT)
        .limit(limit)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
    Ok(due.all(tx).await?)
}

/// Returns when the next row is due, or `None` if none ever is.
pub async fn next_due<E: Due>(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, Fault> {
    let next = E::find()
        .select_only()
        .column(E::AT)
        .filter(E::AT.is_not_null())
        .order_by_asc(E::AT)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}

/// Selects up to `limit` rows that are due at some time, in the order of their ids, starting after the id `after`.
pub fn behind<E: Due>(after: Option<impl Into<Value>>, limit: u64) -> Select<E> {
    let mut found = E::find().filter(E::AT.is_not_null());
    if let Some(after) = after {
        found = found.filter(E::ID.gt(after));
    }
    found.order_by_asc(E::ID).limit(limit)
}

/// Writes the [`WRITTEN`](Due::WRITTEN) columns of locked rows.
pub async fn put_all<E: Due>(tx: &impl ConnectionTrait, rows: Vec<E::Model>) -> Result<(), Fault>
where
    E::Model: IntoActiveModel<E::ActiveModel>,
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    // An insert that always conflicts with existing rows: so one statement can write a different value into each.
    let instead = OnConflict::column(E::ID)
        .update_columns(E::WRITTEN.iter().copied())
        .to_owned();
    let rows_at_once = VARIABLES / E::Column::iter().count();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk = rows.by_ref().take(rows_at_once);
        E::insert_many(chunk.map(IntoActiveModel::into_active_model))
            .on_conflict(instead.clone())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}
