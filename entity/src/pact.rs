//! A pact of two partners.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PactId, PeeringId};

/// The state of a pact. An expired proposal, or a pact whose last day is over, keeps its state until it is closed: that
/// it is over follows from its instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// One of the partners has proposed it.
    Proposed,
    /// Both have agreed.
    Active,
    /// The recipient declined. To the proposer it looks as if nobody had answered.
    Declined,
    /// It was withdrawn or ended, or its last day is over.
    Ended,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PactId,
    pub peering_id: PeeringId,
    pub proposed_by: MemberId,
    pub state: State,
    /// Its last day, or `None` if it goes on until one of the partners ends it.
    pub ends_on: Option<Date>,
    /// When that day is over for both partners.
    pub ends_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    /// When the proposal expires.
    pub expires_at: DateTimeUtc,
    pub accepted_at: Option<DateTimeUtc>,
    /// When it ended, in whatever way. A peering has at most one pact that has not ended.
    pub ended_at: Option<DateTimeUtc>,
    /// Rises by one with every change of the pact or one of its sides.
    pub version: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::peering::Entity",
        from = "Column::PeeringId",
        to = "super::peering::Column::Id"
    )]
    Peering,
}

impl Related<super::peering::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Peering.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
