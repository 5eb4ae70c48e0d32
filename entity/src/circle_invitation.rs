//! An invitation of a member to a circle and its outcome, or the record that a member left a circle.

use sea_orm::entity::prelude::*;

use crate::circle_membership::CircleRole;
use crate::{CircleId, CircleInvitationId, MemberId};

/// The state of an invitation. That it expired or was withdrawn is recorded in `ended_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// It waits for the member's answer.
    Waiting,
    /// To the inviter it looks as if it waits. The member is not notified of it, because he declined or left not long
    /// ago.
    Silent,
    /// The member accepted and joined.
    Accepted,
    /// The member declined. To the inviter it looks as if he had not answered.
    Declined,
    /// The member left the circle. This row is no invitation.
    Left,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "circle_invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CircleInvitationId,
    pub circle_id: CircleId,
    pub member_id: MemberId,
    /// The inviter, or `None` if there was none or the inviter is gone.
    pub invited_by: Option<MemberId>,
    /// The role that the member will have.
    pub role: CircleRole,
    pub state: State,
    pub at: DateTimeUtc,
    /// When it expires.
    pub expires_at: DateTimeUtc,
    /// When the member answered.
    pub answered_at: Option<DateTimeUtc>,
    /// When it ended without being accepted: withdrawn or expired.
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
