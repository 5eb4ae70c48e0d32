//! When a member wants to be reminded, and the instant that next falls due.

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
    /// The days since `ignored_since` on which he was asked and did not check in.
    pub ignored: i32,
    /// The first of them; before his latest check-in it is out of date.
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
