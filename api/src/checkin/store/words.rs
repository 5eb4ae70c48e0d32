//! SQL for the vocabulary of feelings.

use entity::emotion::{Column, Entity, Model};
use sea_orm::{ConnectionTrait, EntityTrait as _, QueryOrder as _};

use crate::error::Fault;

/// Returns every feeling, in the order of the vocabulary.
pub async fn emotions(db: &impl ConnectionTrait) -> Result<Vec<Model>, Fault> {
    let all = Entity::find()
        .order_by_asc(Column::Position)
        .order_by_asc(Column::Slug);
    Ok(all.all(db).await?)
}
