//! A few kind words from one partner to the other.

use sea_orm::entity::prelude::*;

use crate::{MemberId, PactId, PactNudgeId};

/// Words that are there to be sent with one tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Template {
    /// He is thought of.
    ThinkingOfYou,
    /// How his day is.
    HowIsYourDay,
    /// Somebody is there.
    HereIfYouWant,
    /// No answer is needed.
    JustHello,
    /// Going out together.
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
    /// He would like a call.
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
    /// This or words of his own.
    pub template: Option<Template>,
    /// Encrypted.
    pub words: Option<Vec<u8>>,
    /// The day it was for the man who was nudged.
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
