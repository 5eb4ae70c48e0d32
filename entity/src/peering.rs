//! A peering of two members: proposed, active or over.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PeeringId};

/// The state of a peering. There is no state for an expired proposal: that follows from `expires_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// One member has proposed it.
    Proposed,
    /// Both have agreed.
    Active,
    /// The proposer took it back.
    Withdrawn,
    /// The recipient declined. To the proposer it looks as if nobody had answered.
    Declined,
    /// One of the partners ended it.
    Ended,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "peering")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PeeringId,
    /// The lower of the two ids, so that a pair is stored in only one way.
    pub lower_id: MemberId,
    pub higher_id: MemberId,
    pub proposed_by: MemberId,
    pub state: State,
    pub proposed_at: DateTimeUtc,
    /// When the proposal expires.
    pub expires_at: DateTimeUtc,
    /// When the recipient answered.
    pub answered_at: Option<DateTimeUtc>,
    /// When it ended, in whatever way. A pair has at most one peering that has not ended.
    pub ended_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::LowerId",
        to = "super::member::Column::Id"
    )]
    Lower,
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::HigherId",
        to = "super::member::Column::Id"
    )]
    Higher,
}

impl ActiveModelBehavior for ActiveModel {}
