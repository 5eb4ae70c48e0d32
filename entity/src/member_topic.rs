//! A topic of lived experience of a member, the stance to it, and who may see it.

use sea_orm::entity::prelude::*;

use crate::MemberId;

/// A member's stance to a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Stance {
    /// Living with it.
    LivingWith,
    /// Working through it.
    WorkingThrough,
    /// Come through it.
    ComeThrough,
}

/// Who may see something. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Visibility {
    /// Only the member.
    Private,
    /// Partners.
    Partners,
    /// Members of shared circles.
    Circles,
    /// Every member who has a tie with the owner.
    Members,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member_topic")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub topic: String,
    pub stance: Stance,
    pub visibility: Visibility,
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
