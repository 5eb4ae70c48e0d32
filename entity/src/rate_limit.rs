//! A token bucket, stored as the instant when it will be full again (the generic cell rate algorithm, ITU-T I.371).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rate_limit")]
pub struct Model {
    /// A keyed hash of the limit and of the address or member that it applies to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Microseconds since the Unix epoch.
    pub full_at_us: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
