//! An account: the private data that sign a member in, never shown to another member.

use sea_orm::entity::prelude::*;

use crate::MemberId;

/// The role of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Role {
    /// Takes part.
    Member,
    /// Runs circles and meetings.
    Facilitator,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    /// As the member wrote it. Mail goes to this address.
    pub email: String,
    /// The canonical form of the address, for comparisons.
    #[sea_orm(unique)]
    pub email_key: String,
    /// Argon2id in PHC form.
    pub passphrase_hash: String,
    pub role: Role,
    pub email_verified_at: DateTimeUtc,
    /// When the member stated that he is 18 or over.
    pub adult_stated_at: DateTimeUtc,
    pub terms_version: String,
    pub terms_accepted_at: DateTimeUtc,
    /// Set while a requested deletion can still be undone.
    pub deletion_due_at: Option<DateTimeUtc>,
    /// When a deletion was last undone.
    pub deletion_undone_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
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
