//! The id of a sign-up. It outlives the sign-up, so that the id cannot be used for another address later.

use sea_orm::entity::prelude::*;

use crate::SignUpId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "used_sign_up_id")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignUpId,
    /// A keyed hash of the id and the address. It reveals neither the address nor whether two rows have the same one.
    pub address_mac: Vec<u8>,
    pub used_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
