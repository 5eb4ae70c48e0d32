//! Two members, one of whom asked the other to be his partner.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PeeringId};

/// How far it has come. That nobody answered in time stands nowhere: it follows from when it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum State {
    /// One of the two asked.
    Proposed,
    /// Both said yes.
    Active,
    /// Who asked took it back.
    Withdrawn,
    /// Who was asked said no. To the one who asked it is as if nobody had answered.
    Declined,
    /// One of the two ended it.
    Ended,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "peering")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PeeringId,
    /// Of the two ids the one that comes first, so that a pair is written in one way.
    pub lower_id: MemberId,
    pub higher_id: MemberId,
    pub proposed_by: MemberId,
    pub state: State,
    pub proposed_at: DateTimeUtc,
    /// From then on a proposal has lapsed.
    pub expires_at: DateTimeUtc,
    /// When who was asked said yes or no.
    pub answered_at: Option<DateTimeUtc>,
    /// When it was over, in whatever way. Of a pair one is not over.
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
