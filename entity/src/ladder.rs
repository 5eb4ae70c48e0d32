//! A ladder: what a member wants to happen if he goes quiet.

use sea_orm::entity::prelude::*;

use crate::MemberId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ladder")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    /// The member's local time at which rungs are due.
    pub local_time: Time,
    /// The first day that counts as quiet if the member lets it pass: the day after the last sign of life.
    pub counts_from: Date,
    /// When the next rung is due, or `None` if none is left.
    pub next_due_at: Option<DateTimeUtc>,
    /// Rises by one whenever the member writes the ladder again.
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
