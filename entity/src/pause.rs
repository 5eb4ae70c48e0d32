//! Days on which nothing is asked of a member.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PauseId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pause")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PauseId,
    pub member_id: MemberId,
    pub first_date: Date,
    /// Before `first_date` when it was taken back whole.
    pub last_date: Date,
    /// As it was asked for at first.
    pub asked_last_date: Date,
    /// As it was asked for at first, when days of it had closed; none when it is `first_date`.
    pub asked_first_date: Option<Date>,
    pub created_at: DateTimeUtc,
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
