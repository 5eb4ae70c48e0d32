//! A migration step that older programs can run with. The migrator writes and reads it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schema_step")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub step: String,
    /// The newest step that a program must know to run with this one.
    pub runs_since: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
