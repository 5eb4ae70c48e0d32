//! A check-in of a member on one day, with the zone and start hour of that day.

use sea_orm::entity::prelude::*;

use crate::{CheckInId, MemberId};

/// Whether the member kept his word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum KeptWord {
    /// Kept.
    Done,
    /// Partly kept.
    Partly,
    /// Not this time.
    NotThisTime,
}

/// Who may read the contents, from the fewest to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Visibility {
    /// Only the member.
    Private,
    /// Also partners, as far as the pact allows.
    Partner,
    /// Also the members of shared circles.
    Circle,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "check_in")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CheckInId,
    pub member_id: MemberId,
    pub local_date: Date,
    /// IANA name of the member's zone at that time.
    pub time_zone: String,
    /// The member's start hour at that time.
    pub day_start_hour: i32,
    /// 1 to 5.
    pub mood: Option<i32>,
    /// 1 to 5.
    pub energy: Option<i32>,
    /// Slugs of the vocabulary, with spaces between them.
    pub emotions: Option<String>,
    /// Encrypted.
    pub note: Option<Vec<u8>>,
    pub kept_word: Option<KeptWord>,
    pub wants_a_word: bool,
    pub visibility: Visibility,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    /// Whether the day counts for the member's progress. A check-in that arrived after its day had closed does not
    /// count.
    pub counts: bool,
    /// Keyed hashes of the requests that wrote it, 16 bytes each, the oldest first. `None` if an older program wrote
    /// it, or its words are deleted.
    pub sent: Option<Vec<u8>>,
    /// When the member last removed a part of it, or let fewer people read it.
    pub taken_back_at: Option<DateTimeUtc>,
    /// When the member deleted its contents for good.
    pub words_deleted_at: Option<DateTimeUtc>,
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
