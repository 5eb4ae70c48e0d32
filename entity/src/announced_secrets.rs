//! The secrets that the process which started last can read with. A start that writes with another is refused where
//! several processes may run.

use sea_orm::entity::prelude::*;

use super::secret_check::Purpose;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "announced_secrets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub purpose: Purpose,
    /// The names of their keys, with spaces between them: those that stand in every sealed text.
    pub names: String,
    pub announced_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
