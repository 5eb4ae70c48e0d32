//! The membership of a member in a circle.

use sea_orm::entity::prelude::*;

use crate::{CircleId, MemberId};

/// The role of a member in a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum CircleRole {
    /// Takes part.
    Member,
    /// Runs it.
    Facilitator,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "circle_membership")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub circle_id: CircleId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    pub role: CircleRole,
    pub joined_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::circle::Entity",
        from = "Column::CircleId",
        to = "super::circle::Column::Id"
    )]
    Circle,
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id"
    )]
    Member,
}

impl Related<super::circle::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Circle.def()
    }
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
