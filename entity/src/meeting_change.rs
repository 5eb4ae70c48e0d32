//! That somebody changed a meeting: a row is written once, and never changed.

use sea_orm::entity::prelude::*;

use crate::{MeetingChangeId, MeetingId, MemberId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MeetingChangeId,
    pub meeting_id: MeetingId,
    /// Who. When his account is removed, this goes with it.
    pub member_id: MemberId,
    /// Names of what was changed, in alphabetical order with commas between them.
    pub fields: String,
    pub at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::meeting::Entity",
        from = "Column::MeetingId",
        to = "super::meeting::Column::Id"
    )]
    Meeting,
}

impl ActiveModelBehavior for ActiveModel {}
