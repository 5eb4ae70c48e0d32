//! One day on which a member said that he is here, in the terms of that day.

use sea_orm::entity::prelude::*;

use crate::{CheckInId, MemberId};

/// Whether he did what he said he would.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum KeptWord {
    /// He did.
    Done,
    /// Some of it.
    Partly,
    /// Not this time.
    NotThisTime,
}

/// Who may read what it says, from the fewest to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Visibility {
    /// Himself.
    Private,
    /// A partner, too, as far as their pact goes.
    Partner,
    /// The men of his circles, too.
    Circle,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "check_in")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CheckInId,
    pub member_id: MemberId,
    pub local_date: Date,
    /// IANA name, as it was.
    pub time_zone: String,
    /// As it was.
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
    /// Whether the day counts in his progress. What came when its day had closed is kept, and counts nowhere.
    pub counts: bool,
    /// Keyed hashes of what was sent of it, 16 bytes each, the first one first; none when an older program wrote it, or
    /// its words are deleted.
    pub sent: Option<Vec<u8>>,
    /// When he last blanked something of it, or let fewer read it.
    pub taken_back_at: Option<DateTimeUtc>,
    /// When he deleted what it said, for good.
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
