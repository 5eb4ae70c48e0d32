//! A single-use code that is mailed to an account. The code itself is derived from the id and is not stored.

use sea_orm::entity::prelude::*;

use crate::{AccountCodeId, MemberId};

/// The purpose of a mailed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Purpose {
    /// Choosing a new passphrase.
    ResetPassphrase,
    /// Moving the account to another address.
    ChangeEmail,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_code")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AccountCodeId,
    pub member_id: MemberId,
    pub purpose: Purpose,
    /// The new address of a change of e-mail address.
    pub new_email: Option<String>,
    /// The id that the app gave its request. Wrong guesses in answer to other requests do not count against this code.
    pub request_id: Option<Uuid>,
    /// Wrong guesses so far.
    pub attempts: i32,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub used_at: Option<DateTimeUtc>,
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
