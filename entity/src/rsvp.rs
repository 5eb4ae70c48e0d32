//! A member's answer to an occurrence.

use sea_orm::entity::prelude::*;

use crate::{MemberId, OccurrenceId, RsvpId};

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Answer {
    /// The member is going and has a seat.
    Going,
    /// The member is not going.
    NotGoing,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rsvp")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RsvpId,
    pub occurrence_id: OccurrenceId,
    pub member_id: MemberId,
    pub answer: Answer,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::meeting_occurrence::Entity",
        from = "Column::OccurrenceId",
        to = "super::meeting_occurrence::Column::Id"
    )]
    MeetingOccurrence,
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id"
    )]
    Member,
}

impl Related<super::meeting_occurrence::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::MeetingOccurrence.def()
    }
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
