//! An occurrence of a meeting. Its local date, time and zone are authoritative; `starts_at` is derived from them.

use sea_orm::entity::prelude::*;

use crate::{MeetingId, OccurrenceId};

/// Whether the occurrence takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum OccurrenceStatus {
    /// It takes place.
    Scheduled,
    /// It was called off.
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting_occurrence")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OccurrenceId,
    pub meeting_id: MeetingId,
    pub local_date: Date,
    pub local_time: Time,
    pub starts_at: DateTimeUtc,
    pub ends_at: DateTimeUtc,
    /// The number of seats, or `None` if it is unlimited.
    pub capacity: Option<i32>,
    pub seats_taken: i32,
    pub status: OccurrenceStatus,
    pub version: i32,
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

impl Related<super::meeting::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Meeting.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
