//! That a rung of a ladder was told: to whom, when, and what.

use sea_orm::entity::prelude::*;

use crate::ladder_rung::Kind;
use crate::{MemberId, RungId, TellingId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ladder_telling")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TellingId,
    pub member_id: MemberId,
    /// None once the rung is taken down: only the man whose ladder it was reads of it then.
    pub rung_id: Option<RungId>,
    pub kind: Kind,
    /// None when it was himself, or who was told is gone.
    pub told_id: Option<MemberId>,
    /// The first day he let pass, if he chose that it is told.
    pub quiet_since: Option<Date>,
    /// What he had to say to him. Encrypted.
    pub words: Option<Vec<u8>>,
    pub told_at: DateTimeUtc,
    /// When he was here again.
    pub over_at: Option<DateTimeUtc>,
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
        belongs_to = "super::ladder_rung::Entity",
        from = "Column::RungId",
        to = "super::ladder_rung::Column::Id"
    )]
    Rung,
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
