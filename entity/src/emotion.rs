//! The vocabulary of emotions.

use sea_orm::entity::prelude::*;

/// A family of emotions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Family {
    /// Happy, proud, hopeful.
    Joy,
    /// At ease, rested, steady.
    Calm,
    /// Loved, grateful, understood.
    Closeness,
    /// Sad, lonely, worn out.
    Sadness,
    /// Angry, frustrated, let down.
    Anger,
    /// Anxious, worried, overwhelmed.
    Fear,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "emotion")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub slug: String,
    pub family: Family,
    pub name: String,
    pub definition: String,
    pub position: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
