//! How far the changes of what a member's phones keep have been numbered. Whoever changes something of it holds
//! this row until his transaction ends, so that numbers become visible in their order.

use sea_orm::entity::prelude::*;

use crate::MemberId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change_feed")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    /// The last number given out.
    pub last_seq: i64,
    /// The greatest number of a tombstone that was removed.
    pub pruned_through: i64,
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
