//! A key of a handle that a member has, or gave up recently. No two handles may share a key.

use sea_orm::entity::prelude::*;

use crate::MemberId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handle_claim")]
pub struct Model {
    /// The handle folded by its looks.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// The member who has the handle, or for whom it is reserved. `None` if that member is gone.
    pub member_id: Option<MemberId>,
    /// If the handle was given up: when it becomes free.
    pub held_until: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id"
    )]
    Member,
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
