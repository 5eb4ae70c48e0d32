//! A change of an account's e-mail address that was proved and waits to take effect.

use sea_orm::entity::prelude::*;

use crate::{EmailChangeId, MemberId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "email_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EmailChangeId,
    /// Whose; a member has one at most.
    #[sea_orm(unique)]
    pub member_id: MemberId,
    /// The canonical form of the address the account has: the code that undoes the change was mailed there.
    pub old_email_key: String,
    /// As its owner wrote it.
    pub new_email: String,
    /// When the new address was proved.
    pub confirmed_at: DateTimeUtc,
    /// When it takes effect.
    pub due_at: DateTimeUtc,
    /// When it was given up, by whomever.
    pub dropped_at: Option<DateTimeUtc>,
    /// When it took effect.
    pub done_at: Option<DateTimeUtc>,
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
