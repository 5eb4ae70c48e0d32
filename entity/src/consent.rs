//! A consent of a member, with its beginning and end.

use sea_orm::entity::prelude::*;

use crate::{ConsentId, MemberId};

/// The purpose of a consent. Each purpose needs its own consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Purpose {
    /// A partner can see what the member shares of check-ins in a pact.
    PactSharing,
    /// Somebody on the member's ladder is notified if he goes quiet.
    LadderTelling,
    /// The member is notified, by another's ladder, if the other goes quiet.
    LadderHearing,
    /// A circle that the member joins can see what he shares with circles: topics and check-ins.
    CircleSharing,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConsentId,
    pub member_id: MemberId,
    pub purpose: Purpose,
    /// The other member concerned, or `None` if there is no such member or he is gone.
    pub other_member_id: Option<MemberId>,
    /// The details, in a form that depends on the purpose.
    pub detail: String,
    pub given_at: DateTimeUtc,
    pub withdrawn_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id"
    )]
    Member,
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
