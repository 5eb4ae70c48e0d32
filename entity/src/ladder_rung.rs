//! A rung of a ladder: after how many quiet days it notifies somebody, whom, and what it says.

use sea_orm::entity::prelude::*;

use crate::{CircleId, MemberId, PeeringId, RungId};

/// The kind of a rung. A ladder has at most one rung of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    /// A note to the owner of the ladder.
    Own,
    /// Notifies a partner.
    Partner,
    /// Notifies the facilitator of a circle that the owner is in.
    Facilitator,
}

/// What the other member learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Tells {
    /// That the owner went quiet.
    Quiet,
    /// Also since which day.
    SinceWhen,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ladder_rung")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RungId,
    pub member_id: MemberId,
    pub kind: Kind,
    /// The number of the owner's quiet days after which the rung is due.
    pub after_days: i32,
    /// The member who is notified, or `None` if it is the owner.
    pub told_id: Option<MemberId>,
    /// The peering with the partner who is notified.
    pub peering_id: Option<PeeringId>,
    /// The circle of the facilitator who is notified.
    pub circle_id: Option<CircleId>,
    pub tells: Tells,
    /// The owner's words to that member. Encrypted.
    pub words: Option<Vec<u8>>,
    pub created_at: DateTimeUtc,
    /// When that member last answered whether he agrees to be notified.
    pub answered_at: Option<DateTimeUtc>,
    /// When that member agreed.
    pub agreed_at: Option<DateTimeUtc>,
    /// When the notification was sent, since the owner's last sign of life.
    pub told_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id"
    )]
    Member,
    #[sea_orm(
        belongs_to = "super::peering::Entity",
        from = "Column::PeeringId",
        to = "super::peering::Column::Id"
    )]
    Peering,
    #[sea_orm(
        belongs_to = "super::circle::Entity",
        from = "Column::CircleId",
        to = "super::circle::Column::Id"
    )]
    Circle,
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
