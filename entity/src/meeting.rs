//! A meeting. Its occurrences say when it takes place.

use sea_orm::entity::prelude::*;

use crate::{CircleId, MeetingId, MemberId};

/// How a meeting takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum MeetingFormat {
    /// Online, by a link.
    Online,
    /// At a place.
    InPerson,
    /// Both.
    Hybrid,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "meeting")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MeetingId,
    /// The circle, or `None` if the meeting is open to every member.
    pub circle_id: Option<CircleId>,
    pub host_id: Option<MemberId>,
    pub title: String,
    pub description: String,
    pub format: MeetingFormat,
    pub place: Option<String>,
    pub join_url: Option<String>,
    /// IANA name.
    pub time_zone: String,
    pub version: i32,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::circle::Entity",
        from = "Column::CircleId",
        to = "super::circle::Column::Id"
    )]
    Circle,
}

impl Related<super::circle::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Circle.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
