//! The session of a signed-in device: a chain of refresh tokens, of which only the newest is valid.

use sea_orm::entity::prelude::*;

use crate::{MemberId, SessionId};

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum RevokedReason {
    /// The member signed this device out.
    SignedOut,
    /// The member signed it out from another device.
    SignedOutElsewhere,
    /// The passphrase was changed or reset.
    PassphraseChanged,
    /// An old refresh token was used again: it had been stolen.
    Reused,
    /// The account waits for deletion.
    AccountDeleted,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub member_id: MemberId,
    pub device_name: String,
    /// How often the refresh token has been rotated.
    pub generation: i32,
    /// SHA-256 of the current refresh secret.
    pub secret_hash: Vec<u8>,
    /// The newest generation whose access or refresh token is known to have been used.
    pub confirmed_generation: i32,
    pub rotated_at: DateTimeUtc,
    pub created_at: DateTimeUtc,
    pub last_used_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    pub revoked_reason: Option<RevokedReason>,
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
