//! SQL for workers that look for due ladders.

use chrono::{DateTime, Utc};
use entity::MemberId;
use entity::ladder::{Column, Entity, Model};
use sea_orm::QuerySelect as _;

use crate::db::due::{self, Due};
use crate::error::Fault;
use crate::tx::Tx;

impl Due for Entity {
    const ID: Column = Column::MemberId;
    const AT: Column = Column::NextDueAt;
    const WRITTEN: &'static [Column] = &[Column::NextDueAt];
}

/// Returns up to `limit` members after `after` whose ladders have a next due time, by ascending id.
pub async fn behind(tx: &Tx, after: Option<MemberId>, limit: u64) -> Result<Vec<MemberId>, Fault> {
    let found = due::behind::<Entity>(after, limit)
        .select_only()
        .column(Column::MemberId)
        .into_tuple();
    Ok(found.all(tx).await?)
}

/// Writes the next due time of the given ladders, which must be locked.
pub async fn reschedule_all(
    tx: &Tx,
    rows: Vec<(Model, Option<DateTime<Utc>>)>,
) -> Result<(), Fault> {
    let rows = rows
        .into_iter()
        .map(|(row, next_due_at)| Model { next_due_at, ..row });
    due::put_all::<Entity>(tx, rows.collect()).await
}
