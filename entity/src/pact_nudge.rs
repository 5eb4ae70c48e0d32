//! A nudge: a few kind words from one partner to the other.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PactId, PactNudgeId};

/// Ready-made words to send with one tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Template {
    /// The sender thinks of the partner.
    ThinkingOfYou,
    /// The sender asks how the partner's day is.
    HowIsYourDay,
    /// The sender is there if the partner wants to talk.
    HereIfYouWant,
    /// A greeting that needs no answer.
    JustHello,
    /// The sender suggests going out together.
    FancyAWalk,
}

/// An answer with one tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Answer {
    /// All is well.
    AllRight,
    /// It is a hard day.
    RoughDay,
    /// The partner would like a call.
    CallMe,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pact_nudge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PactNudgeId,
    pub pact_id: PactId,
    pub from_member: MemberId,
    pub to_member: MemberId,
    /// Ready-made words. A nudge has these or `words`.
    pub template: Option<Template>,
    /// The sender's own words, encrypted.
    pub words: Option<Vec<u8>>,
    /// The recipient's day.
    pub local_date: Date,
    pub created_at: DateTimeUtc,
    pub answered_at: Option<DateTimeUtc>,
    pub answer: Option<Answer>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::pact::Entity",
        from = "Column::PactId",
        to = "super::pact::Column::Id"
    )]
    Pact,
}

impl Related<super::pact::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Pact.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
