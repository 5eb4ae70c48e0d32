//! A commitment: something that a member means to do, once or every week.

use sea_orm::entity::prelude::*;

use crate::{CommitmentId, MemberId, PeeringId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CommitmentId,
    pub member_id: MemberId,
    /// Encrypted.
    pub words: Vec<u8>,
    /// The day of a commitment that is due once. Weekly ones have `weekdays` instead.
    pub due_on: Option<Date>,
    /// One bit for each weekday; Monday's is the lowest.
    pub weekdays: Option<i32>,
    /// The member's day on which the commitment was made.
    pub starts_on: Date,
    /// The peering with the partner who can see it.
    pub peering_id: Option<PeeringId>,
    /// The member's day from which the partner can see how it went, or `None` if the partner was named from the start.
    pub seen_since: Option<Date>,
    /// The due day that the partner is asked about next.
    pub next_ask_on: Option<Date>,
    /// When the partner is asked about it.
    pub next_ask_at: Option<DateTimeUtc>,
    pub version: i32,
    pub created_at: DateTimeUtc,
    /// The member's day on which the commitment was ended.
    pub ended_on: Option<Date>,
    pub ended_at: Option<DateTimeUtc>,
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
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
