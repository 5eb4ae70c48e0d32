//! A member's progress: the sums over the closed days. See `checkin::runs`.

use sea_orm::entity::prelude::*;

use crate::MemberId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "progress")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    /// The last day that is included, or `None` before the first day.
    pub settled_through: Option<Date>,
    pub days_shown_up: i32,
    pub last_check_in: Option<Date>,
    pub current_run: i32,
    pub longest_run: i32,
    pub returns: i32,
    pub reserve_days: i32,
    /// One letter for each of the last days: see `checkin::store::kept`.
    pub recent_days: String,
    pub updated_at: DateTimeUtc,
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
