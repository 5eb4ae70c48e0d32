//! The record of a change of a meeting. A row is written once and never updated.

use sea_orm::entity::prelude::*;

use crate::{MeetingChangeId, MeetingId, MemberId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MeetingChangeId,
    pub meeting_id: MeetingId,
    /// The member who made the change. The row is deleted with that account.
    pub member_id: MemberId,
    /// The names of the changed fields, in alphabetical order, with commas between them.
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
