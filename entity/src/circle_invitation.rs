//! That a member was invited into a circle, and what became of it; or that he left it.

use sea_orm::entity::prelude::*;

use crate::circle_membership::CircleRole;
use crate::{CircleId, CircleInvitationId, MemberId};

/// How far it has come. That it lapsed or was taken back stands in `ended_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// It waits for his answer.
    Waiting,
    /// It waits as far as whoever invites knows. He hears nothing of it: he said no, or left, not long ago.
    Silent,
    /// He said yes, and joined.
    Accepted,
    /// He said no. To whoever invited it is as if he had not answered.
    Declined,
    /// He left the circle. Nobody invited him with this.
    Left,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "circle_invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CircleInvitationId,
    pub circle_id: CircleId,
    pub member_id: MemberId,
    /// Who invited him; none when nobody did, or he is gone.
    pub invited_by: Option<MemberId>,
    /// What he is to do in it.
    pub role: CircleRole,
    pub state: State,
    pub at: DateTimeUtc,
    /// From then on it has lapsed.
    pub expires_at: DateTimeUtc,
    /// When he answered.
    pub answered_at: Option<DateTimeUtc>,
    /// When it was over without a yes: taken back, or lapsed.
    pub ended_at: Option<DateTimeUtc>,
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

impl ActiveModelBehavior for ActiveModel {}
