//! A token bucket, kept as the one instant at which it will be full again (the generic cell rate algorithm, ITU-T I.371).

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rate_limit")]
pub struct Model {
    /// A keyed hash: what is limited, and for whom.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Microseconds since the Unix epoch.
    pub full_at_us: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
