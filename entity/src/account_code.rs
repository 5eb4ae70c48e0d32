//! A single-use code mailed to an account. The code itself is derived from the id and is not stored.

use sea_orm::entity::prelude::*;

use crate::{AccountCodeId, MemberId};

/// What a mailed code allows.
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
    /// The address a change of e-mail is about.
    pub new_email: Option<String>,
    /// Which request it answers, as the app that made it knows it. Wrong guesses of others do not count against it.
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
