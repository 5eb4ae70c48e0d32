//! A sign-up whose e-mail address is not verified yet. It is created for known and unknown addresses alike, so that
//! nobody can tell them apart.

use sea_orm::entity::prelude::*;

use crate::{SessionId, SignUpId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pending_sign_up")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignUpId,
    pub email: String,
    pub email_key: String,
    pub passphrase_hash: String,
    pub handle: String,
    pub time_zone: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// BCP 47: the language of mail.
    pub locale: String,
    pub terms_version: String,
    pub adult_stated_at: DateTimeUtc,
    /// Wrong guesses so far.
    pub attempts: i32,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    /// The session that the verification opened.
    pub session_id: Option<SessionId>,
    pub verified_at: Option<DateTimeUtc>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
