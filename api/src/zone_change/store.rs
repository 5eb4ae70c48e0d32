//! The table of editions.

use entity::zone_data::{Column, Entity, Model};
use sea_orm::sea_query::{LockBehavior, LockType, OnConflict};
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait, EntityTrait as _, IntoActiveModel as _,
    QuerySelect as _,
};

use crate::error::Fault;
use crate::tx::Tx;

/// Fetches all editions so far. Fewer than a dozen a year are added.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Model>, Fault> {
    Ok(Entity::find().all(db).await?)
}

/// Fetches an edition, locked `FOR UPDATE`. Returns `None` if there is none, or if another worker has locked it.
pub async fn take(tx: &Tx, version: &str) -> Result<Option<Model>, Fault> {
    let found =
        Entity::find_by_id(version).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    Ok(found.one(tx).await?)
}

/// Adds an edition. Idempotent: an existing row stays.
pub async fn add(tx: &Tx, row: Model) -> Result<(), Fault> {
    let unless = OnConflict::column(Column::Version).do_nothing().to_owned();
    Entity::insert(row.into_active_model())
        .on_conflict(unless)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Updates the progress of a locked edition.
pub async fn put(tx: &Tx, row: Model) -> Result<(), Fault> {
    row.into_active_model().reset_all().update(tx).await?;
    Ok(())
}
