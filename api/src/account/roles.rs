//! What a member may do for others.

use entity::MemberId;
use entity::account::{Column, Entity, Role};
use sea_orm::{ConnectionTrait, EntityTrait as _, QuerySelect as _};

use crate::error::Fault;

/// The role of a member's account; one without an account takes part and no more.
pub async fn role(db: &impl ConnectionTrait, member: MemberId) -> Result<Role, Fault> {
    let role = Entity::find_by_id(member)
        .select_only()
        .column(Column::Role)
        .into_tuple()
        .one(db)
        .await?;
    Ok(role.unwrap_or(Role::Member))
}
