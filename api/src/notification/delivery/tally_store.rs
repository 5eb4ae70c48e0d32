//! SQL that counts the provider's answers per minute. Every worker sees the counts, and they survive a restart.

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use entity::LeaseHolder;
use entity::push_tally::{ActiveModel, Column, Entity, Model};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::trial::{Answers, Lately, WINDOWS};
use crate::db::delete_slice;
use crate::error::Fault;

/// How long minutes are kept.
const KEPT: TimeDelta = TimeDelta::days(1);

fn minute(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at)
}

/// Adds the answers that a worker got.
pub(super) async fn add(
    db: &impl ConnectionTrait,
    worker: LeaseHolder,
    now: DateTime<Utc>,
    (accepted, dead): (u32, u32),
) -> Result<(), Fault> {
    let row = ActiveModel {
        minute: Set(minute(now)),
        worker: Set(worker),
        accepted: Set(accepted.into()),
        dead: Set(dead.into()),
    };
    let more = |column, count: u32| Expr::col((Entity, column)).add(count);
    let counted = OnConflict::columns([Column::Minute, Column::Worker])
        .value(Column::Accepted, more(Column::Accepted, accepted))
        .value(Column::Dead, more(Column::Dead, dead))
        .to_owned();
    Entity::insert(row)
        .on_conflict(counted)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Returns the recent answers. Leaves out minutes in the future, which another worker's fast clock wrote.
pub(super) async fn lately(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Lately, Fault> {
    let since = |window| Entity::find().filter(Column::Minute.between(now - window, now));
    let [short, long] = WINDOWS;
    let rows = since(long).all(db).await?;
    let last = since(KEPT)
        .filter(Column::Accepted.gt(0))
        .order_by_desc(Column::Minute)
        .limit(1)
        .one(db)
        .await?;
    Ok(Lately {
        answers: [short, long].map(|window| sum(&rows, now - window)),
        accepted_at: last.map(|row| row.minute),
    })
}

fn sum(rows: &[Model], since: DateTime<Utc>) -> Answers {
    let rows = rows.iter().filter(|row| row.minute >= since);
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    rows.fold(Answers::default(), |sum, row| Answers {
        accepted: sum.accepted + count(row.accepted),
        dead: sum.dead + count(row.dead),
    })
}

/// Removes one batch of old minutes. Returns the number removed.
pub(super) async fn forget(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, Fault> {
    let old = Condition::all().add(Column::Minute.lt(now - KEPT));
    Ok(delete_slice::<Entity>(db, old).await?)
}
