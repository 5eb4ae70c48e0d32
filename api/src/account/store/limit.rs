//! Token buckets, each stored as the instant at which it will be full.

use chrono::{DateTime, TimeDelta, Utc};
use entity::rate_limit::{ActiveModel, Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoCondition as _, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
};

use crate::db::delete_slice;
use crate::error::Fault;

/// How far apart the clocks of several processes may be.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(1);

/// Takes a token: moves the instant at which the bucket is full `each` into the future. Returns `false`, and takes
/// nothing, if that instant is already after `latest`. If it is later than any take could have made it, a clock was
/// ahead when it was written, and was set back since: such a bucket counts as full.
pub async fn take(
    db: &impl ConnectionTrait,
    key: &str,
    now: DateTime<Utc>,
    each: TimeDelta,
    latest: DateTime<Utc>,
) -> Result<bool, Fault> {
    let now_us = now.timestamp_micros();
    let each_us = each.num_microseconds().unwrap_or(i64::MAX);
    let full_at = || Expr::col((Entity, Column::FullAtUs));
    let furthest_us = (latest + each + CLOCKS_APART).timestamp_micros();
    let is_filling = full_at().gt(now_us).and(full_at().lte(furthest_us));
    let from = Expr::case(is_filling, full_at()).finally(now_us);
    let is_taken = full_at().lte(latest.timestamp_micros());
    let taken = OnConflict::column(Column::Key)
        .value(Column::FullAtUs, Expr::expr(from).add(each_us))
        .action_and_where(is_taken.or(full_at().gt(furthest_us)))
        .to_owned();
    let row = ActiveModel {
        key: Set(key.to_owned()),
        full_at_us: Set(now_us + each_us),
    };
    let rows = Entity::insert(row)
        .on_conflict(taken)
        .exec_without_returning(db)
        .await?;
    Ok(rows == 1)
}

/// As [`take`]. Returns when the bucket will be full afterwards, or `None` if nothing was taken.
pub async fn pass(
    db: &impl ConnectionTrait,
    key: &str,
    now: DateTime<Utc>,
    each: TimeDelta,
    latest: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Fault> {
    if !take(db, key, now, each, latest).await? {
        return Ok(None);
    }
    // A concurrent take only makes this one wait a little longer, never less.
    Ok(Some(full_at(db, key).await?.unwrap_or(now + each)))
}

/// Returns a token that was worth `each` to its bucket.
pub async fn give_back(db: &impl ConnectionTrait, key: &str, each: TimeDelta) -> Result<(), Fault> {
    let each_us = each.num_microseconds().unwrap_or_default();
    Entity::update_many()
        .col_expr(Column::FullAtUs, Expr::col(Column::FullAtUs).sub(each_us))
        .filter(Column::Key.eq(key))
        .exec(db)
        .await?;
    Ok(())
}

/// Returns when a bucket will be full.
pub async fn full_at(db: &impl ConnectionTrait, key: &str) -> Result<Option<DateTime<Utc>>, Fault> {
    let row = Entity::find_by_id(key).one(db).await?;
    Ok(row.and_then(|row| DateTime::from_timestamp_micros(row.full_at_us)))
}

/// Removes a slice of the full buckets, which have nothing to remember.
pub async fn remove_full(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, Fault> {
    let full = Column::FullAtUs.lt(now.timestamp_micros()).into_condition();
    Ok(delete_slice::<Entity>(db, full).await?)
}
