//! A key of a handle that somebody has, or gave up lately. No two handles may have a key in common.

use sea_orm::entity::prelude::*;

use crate::MemberId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handle_claim")]
pub struct Model {
    /// How the handle looks, folded.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Whose it is, or for whom it is kept back; nobody's when its member is gone.
    pub member_id: Option<MemberId>,
    /// Given up, and free from then on.
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
