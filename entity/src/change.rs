//! The newest change of one thing that a member's phones keep: one row for each of them.

use sea_orm::entity::prelude::*;

use crate::MemberId;

/// What it is that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    /// His own profile.
    Member,
    /// A check-in of his.
    CheckIn,
    /// A meeting he answered a time of.
    Meeting,
    /// A time of a meeting that he answered.
    MeetingOccurrence,
    /// A line in his inbox.
    Notification,
    /// Another man and he, who keep each other company, or one of whom asked.
    Peering,
    /// What a partner and he agreed to, or are about to.
    Pact,
    /// A few words between a partner and him.
    PactNudge,
    /// Something he means to do, or a partner who lets him see it.
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
    /// Its place in the member's feed; unique there.
    pub seq: i64,
    /// It is gone, or not there for him any more.
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
