//! Records that a member recently signed in from a network: networks of members are allowed more attempts. The row
//! names neither.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "network_member")]
pub struct Model {
    /// A keyed hash of the network.
    #[sea_orm(primary_key, auto_increment = false)]
    pub network: String,
    /// A keyed hash of the network and the member.
    #[sea_orm(primary_key, auto_increment = false)]
    pub who: String,
    pub seen_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
