//! What one of the two gives and likes in a pact.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PactId};

/// What he lets the other see, from the least to the most; who sees more sees the less as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Sharing {
    /// Nothing.
    Nothing,
    /// Whether he has checked in.
    CheckedIn,
    /// How he was, too.
    Mood,
    /// What he wrote, too.
    Words,
}

/// In which manner he likes to be nudged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum NudgeStyle {
    /// Softly.
    Gentle,
    /// Without ado.
    Plain,
    /// With a joke.
    Humour,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pact_side")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub pact_id: PactId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    pub sharing: Sharing,
    /// As long as he agreed to share; none when as long as the pact goes on.
    pub agreed_until: Option<DateTimeUtc>,
    pub nudge_style: NudgeStyle,
    /// In his words, in the clear: as older programs write it, until it is encrypted.
    pub nudge_wish: Option<String>,
    /// In his words, encrypted.
    pub nudge_wish_sealed: Option<Vec<u8>>,
    /// Whether the other may wake him in his quiet hours when he asks for a word.
    pub can_be_woken: bool,
    pub updated_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::pact::Entity",
        from = "Column::PactId",
        to = "super::pact::Column::Id"
    )]
    Pact,
    #[sea_orm(
        belongs_to = "super::member::Entity",
        from = "Column::MemberId",
        to = "super::member::Column::Id"
    )]
    Member,
}

impl Related<super::pact::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Pact.def()
    }
}

impl Related<super::member::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Member.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
