//! Words that a member received from another, once they are nowhere else to be seen. They are the receiver's: whatever
//! becomes of the sender, they stay for their time.

use sea_orm::entity::prelude::*;

use crate::pact_nudge::Template;
use crate::{MemberId, PactId, PeeringId, ReceivedId};

/// What it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    /// A few words from a partner.
    Nudge,
    /// How a partner likes to be nudged, in his words.
    Wish,
    /// A pact that was proposed to him.
    Proposal,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "received_words")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReceivedId,
    /// Who received it.
    pub member_id: MemberId,
    pub kind: Kind,
    /// The nudge, or the pact.
    pub source_id: Uuid,
    /// Tells what was said one after the other under one id: the microsecond it is from, or 0.
    pub source_no: i64,
    pub pact_id: PactId,
    pub peering_id: PeeringId,
    /// Who sent it. He may be gone.
    pub sender_id: MemberId,
    /// What the sender went by, encrypted.
    pub sender_handle: Vec<u8>,
    /// Encrypted; none for a proposal without words, and for words that are there to be sent with one tap.
    pub words: Option<Vec<u8>>,
    pub template: Option<Template>,
    pub received_at: DateTimeUtc,
    /// When it was to be seen no more where it was.
    pub ended_at: DateTimeUtc,
    /// The sender is leaving, and may come back: it is there again then where it was.
    pub while_hidden: bool,
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
