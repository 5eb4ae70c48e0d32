//! Counts of the push provider's answers to a worker in a minute.

use sea_orm::entity::prelude::*;

use crate::LeaseHolder;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "push_tally")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub minute: DateTimeUtc,
    #[sea_orm(primary_key, auto_increment = false)]
    pub worker: LeaseHolder,
    /// Messages that it accepted.
    pub accepted: i64,
    /// Addresses that it reported as gone.
    pub dead: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
