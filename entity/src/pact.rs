//! What two partners agreed to, to keep each other company.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PactId, PeeringId};

/// How far it has come. That nobody answered in time, or that its last day is over, stands nowhere until it is closed:
/// it follows from its instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// One of the two proposed it.
    Proposed,
    /// Both agreed.
    Active,
    /// Who was asked said no. To the one who asked it is as if nobody had answered.
    Declined,
    /// It was taken back or ended, or its last day is over.
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
    /// Its last day; none when it goes on until one of them ends it.
    pub ends_on: Option<Date>,
    /// When that day is over for both of them.
    pub ends_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    /// From then on a proposal has lapsed.
    pub expires_at: DateTimeUtc,
    pub accepted_at: Option<DateTimeUtc>,
    /// When it was over, in whatever way. Of a peering one is not over.
    pub ended_at: Option<DateTimeUtc>,
    /// Rises by one with every change of it, or of a side of it.
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
