//! The editions of the time zone database that stored instants were computed with, and the progress of the newest.

use sea_orm::entity::prelude::*;

/// The stages of recomputing instants, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Stage {
    /// Daily reminders.
    Reminders,
    /// When members are invited to ask how a partner's commitment went.
    Asks,
    /// When rungs of ladders are due.
    Ladders,
    /// When meetings take place.
    Meetings,
    /// Pushes that wait until quiet hours are over.
    QuietHours,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "zone_data")]
pub struct Model {
    /// Such as `2026f`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    pub begun_at: DateTimeUtc,
    /// When the next slice is due, or `None` if nothing is left to do.
    pub due_at: Option<DateTimeUtc>,
    /// 1 or 2. The second round is for rows that older processes wrote during the first.
    pub round: i32,
    pub stage: Stage,
    /// The last row of the stage that was checked.
    pub after_id: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
