//! A member with a pseudonymous profile.

use sea_orm::entity::prelude::*;

use crate::MemberId;
use crate::member_topic::Visibility;

/// An age band, shown in place of a date of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum AgeBand {
    /// 18 to 24.
    From18,
    /// 25 to 34.
    From25,
    /// 35 to 44.
    From35,
    /// 45 to 54.
    From45,
    /// 55 to 64.
    From55,
    /// 65 and over.
    From65,
}

/// How soon others can expect the member to reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum ReplyPace {
    /// Within the day.
    SameDay,
    /// Within a few days.
    FewDays,
    /// Whenever it suits.
    NoRush,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MemberId,
    pub handle: String,
    /// The handle, case-folded and confusable-folded, for uniqueness.
    #[sea_orm(unique)]
    pub handle_key: String,
    pub bio: Option<String>,
    pub story: Option<String>,
    pub age_band: Option<AgeBand>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub region: Option<String>,
    /// Who may see the bio.
    pub bio_visibility: Visibility,
    pub story_visibility: Visibility,
    pub age_band_visibility: Visibility,
    pub region_visibility: Visibility,
    pub life_contexts_visibility: Visibility,
    /// IANA name.
    pub time_zone: String,
    /// The local hour at which the member's days begin, 0 to 6.
    pub day_start_hour: i32,
    /// BCP 47: the language of mail.
    pub locale: String,
    /// One bit for each mode: see `profile::model`.
    pub contact_modes: i32,
    pub reply_pace: Option<ReplyPace>,
    /// One bit for each day and part of the day: see `profile::model`.
    pub availability: i32,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Set while the account waits for deletion.
    pub hidden_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
