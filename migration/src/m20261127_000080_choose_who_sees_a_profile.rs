//! Adds who may see each part of a profile.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column};

/// Adds who may see each part of a profile.
#[derive(DeriveMigrationName)]
pub struct Migration;

const COLUMNS: [&str; 5] = [
    "bio_visibility",
    "story_visibility",
    "age_band_visibility",
    "region_visibility",
    "life_contexts_visibility",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let mut visibility = text(column).default("members").take();
            add_column(manager, "member", &mut visibility).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS.into_iter().rev() {
            drop_column(manager, "member", column).await?;
        }
        Ok(())
    }
}
