//! Something a member agreed to, and since when and until when.

use sea_orm::entity::prelude::*;

use crate::{ConsentId, MemberId};

/// What it is for: each purpose is agreed to by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Purpose {
    /// That a partner sees of his check-ins what he gives in a pact.
    PactSharing,
    /// That somebody is told when he goes quiet, by his ladder.
    LadderTelling,
    /// That he is told himself when another goes quiet, by the other's ladder.
    LadderHearing,
    /// That a circle he joins sees what he shows his circles: topics and check-ins.
    CircleSharing,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConsentId,
    pub member_id: MemberId,
    pub purpose: Purpose,
    /// The man it is about; none when it is about nobody, or he is gone.
    pub other_member_id: Option<MemberId>,
    /// What exactly, in a word of the purpose's.
    pub detail: String,
    pub given_at: DateTimeUtc,
    pub withdrawn_at: Option<DateTimeUtc>,
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
