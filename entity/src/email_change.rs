//! A confirmed change of an account's e-mail address that waits to take effect.

use sea_orm::entity::prelude::*;

use crate::{EmailChangeId, MemberId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "email_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EmailChangeId,
    /// The member, who has at most one change.
    #[sea_orm(unique)]
    pub member_id: MemberId,
    /// The canonical form of the account's address. The code that undoes the change was mailed to it.
    pub old_email_key: String,
    /// The new address as the member wrote it.
    pub new_email: String,
    /// When the new address was confirmed.
    pub confirmed_at: DateTimeUtc,
    /// When it takes effect.
    pub due_at: DateTimeUtc,
    /// When it was dropped, before it took effect.
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
