//! One partner's side of a pact: what he shares, and how he likes to be nudged.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PactId};

/// What the partner can see, from the least to the most. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Sharing {
    /// Nothing.
    Nothing,
    /// Whether the member has checked in.
    CheckedIn,
    /// Also the mood.
    Mood,
    /// Also the words.
    Words,
}

/// How the member likes to be nudged.
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
    /// The end of the agreed sharing, or `None` if it lasts as long as the pact.
    pub agreed_until: Option<DateTimeUtc>,
    pub nudge_style: NudgeStyle,
    /// The member's own words, in the clear, as older programs write them until they are encrypted.
    pub nudge_wish: Option<String>,
    /// The member's own words, encrypted.
    pub nudge_wish_sealed: Option<Vec<u8>>,
    /// Whether a partner who asks for a word may wake the member in quiet hours.
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
