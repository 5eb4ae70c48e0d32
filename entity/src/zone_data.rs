//! The editions of the time zone database that stored instants were worked out with, and how far the newest has come.

use sea_orm::entity::prelude::*;

/// What is worked out anew, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Stage {
    /// Daily reminders.
    Reminders,
    /// When partners are asked how it went.
    Asks,
    /// When ladders tell somebody.
    Ladders,
    /// When meetings take place.
    Meetings,
    /// What waits until quiet hours are over.
    QuietHours,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "zone_data")]
pub struct Model {
    /// Such as `2026f`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    pub begun_at: DateTimeUtc,
    /// When the next slice is due; none when nothing is left to do.
    pub due_at: Option<DateTimeUtc>,
    /// The first round, or the second one, for what older processes wrote meanwhile.
    pub round: i32,
    pub stage: Stage,
    /// The last row of the stage that was looked at.
    pub after_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
