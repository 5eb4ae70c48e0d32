//! The daily check-in reminder of a member, and the instant when it is due next.

use sea_orm::entity::prelude::*;

use crate::MemberId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "check_in_reminder")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    pub local_time: Time,
    pub enabled: bool,
    pub next_due_at: Option<DateTimeUtc>,
    /// The days since `ignored_since` on which the member was reminded and did not check in.
    pub ignored: i32,
    /// The first of these days. It is out of date if it is before the latest check-in.
    pub ignored_since: Option<Date>,
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
