//! Words that a member received from another and that are no longer shown anywhere else. They belong to the receiver:
//! they stay for their time, whatever happens to the sender's account.

use sea_orm::entity::prelude::*;

use crate::pact_nudge::Template;
use crate::{MemberId, PactId, PeeringId, ReceivedId};

/// The kind of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Kind {
    /// A nudge from a partner.
    Nudge,
    /// A partner's own words on how to nudge him.
    Wish,
    /// A proposed pact.
    Proposal,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "received_words")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReceivedId,
    /// The receiver.
    pub member_id: MemberId,
    pub kind: Kind,
    /// The nudge, or the pact.
    pub source_id: Uuid,
    /// Distinguishes successive words with the same id: the microsecond when they were written, or 0.
    pub source_no: i64,
    pub pact_id: PactId,
    pub peering_id: PeeringId,
    /// The sender, whose account may be gone.
    pub sender_id: MemberId,
    /// The sender's handle, encrypted.
    pub sender_handle: Vec<u8>,
    /// The words, encrypted. `None` for a proposal without words, and for ready-made words.
    pub words: Option<Vec<u8>>,
    pub template: Option<Template>,
    pub received_at: DateTimeUtc,
    /// When the words were no longer shown at their original place.
    pub ended_at: DateTimeUtc,
    /// Whether the sender's account waits for deletion. If that is undone, the words are shown at their original place
    /// again.
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
