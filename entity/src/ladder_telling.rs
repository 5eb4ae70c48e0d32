//! A telling: the record that a rung of a ladder notified somebody.

use sea_orm::entity::prelude::*;

use crate::ladder_rung::Kind;
use crate::{MemberId, RungId, TellingId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ladder_telling")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TellingId,
    pub member_id: MemberId,
    /// `None` after the rung was removed. Then the telling is visible only to the owner of the ladder.
    pub rung_id: Option<RungId>,
    pub kind: Kind,
    /// The member who was notified, or `None` if it was the owner himself or that member is gone.
    pub told_id: Option<MemberId>,
    /// The first quiet day, if the owner chose to tell it.
    pub quiet_since: Option<Date>,
    /// The owner's words to the member who was notified. Encrypted.
    pub words: Option<Vec<u8>>,
    pub told_at: DateTimeUtc,
    /// When the owner was back.
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
