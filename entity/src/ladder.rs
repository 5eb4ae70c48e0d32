//! What is to happen when a member goes quiet, as he wrote it himself.

use sea_orm::entity::prelude::*;

use crate::MemberId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ladder")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    /// At which time of his wall clock a rung is told.
    pub local_time: Time,
    /// The first day that counts when he lets it pass: the one after he was last here.
    pub counts_from: Date,
    /// When the next rung is to be told; none when there is none left.
    pub next_due_at: Option<DateTimeUtc>,
    /// Rises by one whenever he writes it anew.
    pub version: i32,
    pub updated_at: DateTimeUtc,
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
