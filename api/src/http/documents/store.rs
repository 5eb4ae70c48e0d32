//! The table of persisted documents, which all processes share.

use chrono::{DateTime, TimeDelta, Utc};
use entity::persisted_document::{ActiveModel, Column, Entity};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, TryInsertResult,
};

use super::TextHash;
use crate::app::App;
use crate::error::Fault;

/// How often the last use is updated. The day is precise enough to tell which documents are in use.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::days(1);
/// The number of rows that are removed at a time.
const BATCH: u64 = 500;

/// Returns the text of a document, or `None` if it is not stored. Updates its last use once a day.
pub async fn find(app: &App, hash: &TextHash) -> Result<Option<String>, Fault> {
    let now = app.clock.now();
    let Some(row) = Entity::find_by_id(hash.to_vec()).one(app.db.pool()).await? else {
        return Ok(None);
    };
    if row.used_at + USE_NOTED_EVERY <= now
        && let Err(fault) = note_use(app, hash, now).await
    {
        // The text was read; only its last use is not updated.
        tracing::warn!(
            class = fault.class(),
            "the last use of a document could not be stored"
        );
    }
    Ok(Some(row.text))
}

async fn note_use(app: &App, hash: &TextHash, now: DateTime<Utc>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::UsedAt, sea_orm::sea_query::Expr::value(now))
        .filter(Column::Hash.eq(hash.to_vec()))
        .exec(app.db.pool())
        .await?;
    Ok(())
}

/// Stores a document and returns whether it is new. Idempotent: an existing row stays as it is.
pub async fn insert(app: &App, hash: &TextHash, text: &str) -> Result<bool, Fault> {
    let now = app.clock.now();
    let row = ActiveModel {
        hash: Set(hash.to_vec()),
        text: Set(text.to_owned()),
        created_at: Set(now),
        used_at: Set(now),
    };
    let kept = Entity::insert(row)
        .on_conflict_do_nothing()
        .exec_without_returning(app.db.pool())
        .await?;
    let is_new = matches!(kept, TryInsertResult::Inserted(_));
    if is_new {
        metrics::counter!("belay_documents_persisted_total").increment(1);
    }
    Ok(is_new)
}

/// Removes a slice of the least recently used documents, down to `limit`. Returns whether there may be more.
pub async fn shrink(app: &App, limit: u64) -> Result<bool, Fault> {
    let surplus = Entity::find()
        .select_only()
        .column(Column::Hash)
        .order_by_desc(Column::UsedAt)
        .order_by_asc(Column::Hash)
        .offset(limit)
        .limit(BATCH)
        .into_tuple::<Vec<u8>>()
        .all(app.db.pool())
        .await?;
    if surplus.is_empty() {
        return Ok(false);
    }
    Entity::delete_many()
        .filter(Column::Hash.is_in(surplus))
        .exec(app.db.pool())
        .await?;
    Ok(true)
}
