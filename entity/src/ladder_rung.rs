//! One step of a ladder: after how many days that a man lets pass, who is told, and what.

use sea_orm::entity::prelude::*;

use crate::{CircleId, MemberId, PeeringId, RungId};

/// Whom it is for. A ladder has one rung of each kind at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    /// A note to himself.
    Own,
    /// His partner.
    Partner,
    /// A man who runs a circle that he is in.
    Facilitator,
}

/// What the other man is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Tells {
    /// That he went quiet.
    Quiet,
    /// And since which day.
    SinceWhen,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ladder_rung")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RungId,
    pub member_id: MemberId,
    pub kind: Kind,
    /// So many of his days have to pass.
    pub after_days: i32,
    /// Who is told; none when it is himself.
    pub told_id: Option<MemberId>,
    /// What makes the other man his partner.
    pub peering_id: Option<PeeringId>,
    /// What the other man runs.
    pub circle_id: Option<CircleId>,
    pub tells: Tells,
    /// What he says to him besides. Encrypted.
    pub words: Option<Vec<u8>>,
    pub created_at: DateTimeUtc,
    /// When the other man answered last whether he agrees to be told.
    pub answered_at: Option<DateTimeUtc>,
    /// Since when he does.
    pub agreed_at: Option<DateTimeUtc>,
    /// When it was told, since he was last here.
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
