//! The newest change of an item that a member's devices keep: one row for each item.

use sea_orm::entity::prelude::*;

use crate::MemberId;

/// The kind of the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    /// The member's own profile.
    Member,
    /// The member's check-in.
    CheckIn,
    /// A meeting with an occurrence that the member answered.
    Meeting,
    /// An occurrence of a meeting that the member answered.
    MeetingOccurrence,
    /// A notification in the member's inbox.
    Notification,
    /// A peering of the member, active or proposed.
    Peering,
    /// A pact of the member with a partner, active or proposed.
    Pact,
    /// A nudge between the member and a partner.
    PactNudge,
    /// A commitment of the member, or of a partner who shares it.
    Commitment,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: Kind,
    #[sea_orm(primary_key, auto_increment = false)]
    pub node_id: Uuid,
    /// The position in the member's feed, unique there.
    pub seq: i64,
    /// Whether the item is gone, or no longer visible to the member.
    pub deleted: bool,
    pub changed_at: DateTimeUtc,
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
