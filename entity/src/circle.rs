//! A circle: a group of members that meets.

use sea_orm::entity::prelude::*;

use crate::CircleId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "circle")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CircleId,
    pub name: String,
    pub purpose: String,
    pub version: i32,
    pub created_at: DateTimeUtc,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
