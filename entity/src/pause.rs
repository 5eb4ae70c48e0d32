//! A pause: days on which no check-in is expected of a member.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PauseId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pause")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PauseId,
    pub member_id: MemberId,
    pub first_date: Date,
    /// Before `first_date` if the whole pause was taken back.
    pub last_date: Date,
    /// The last day of the original request.
    pub asked_last_date: Date,
    /// The first day of the original request, if some of its days had closed already. `None` if it is `first_date`.
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
