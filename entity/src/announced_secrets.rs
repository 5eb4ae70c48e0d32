//! The secrets that the last started process can read with. If several processes may run, a start that would write with
//! another secret is refused.

use sea_orm::entity::prelude::*;

use super::secret_check::Purpose;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "announced_secrets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub purpose: Purpose,
    /// The names of their keys, which are part of every sealed text, with spaces between them.
    pub names: String,
    pub announced_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
