//! What an account may do for others.

use entity::MemberId;
use entity::account::{Column, Entity, Role};
use sea_orm::{ConnectionTrait, EntityTrait as _, QuerySelect as _};

use crate::error::Fault;

/// What a member may do for others; none when he has no account.
pub async fn role(db: &impl ConnectionTrait, member: MemberId) -> Result<Option<Role>, Fault> {
    let role = Entity::find_by_id(member)
        .select_only()
        .column(Column::Role)
        .into_tuple()
        .one(db)
        .await?;
    Ok(role)
}
