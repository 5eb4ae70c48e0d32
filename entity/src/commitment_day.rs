//! A due day of a commitment that has an answer or was carried over, or a day to which it was carried over.

use sea_orm::entity::prelude::*;

use crate::CommitmentId;

/// How the commitment went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Answer {
    /// Done.
    Done,
    /// Partly done.
    Partly,
    /// Not this time.
    NotThisTime,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "commitment_day")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub commitment_id: CommitmentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub due_on: Date,
    pub answer: Option<Answer>,
    pub answered_at: Option<DateTimeUtc>,
    /// The day to which this day was carried over.
    pub carried_to: Option<Date>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::commitment::Entity",
        from = "Column::CommitmentId",
        to = "super::commitment::Column::Id"
    )]
    Commitment,
}

impl Related<super::commitment::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Commitment.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
