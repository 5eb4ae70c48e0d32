//! Adds the original first day of a pause that arrived after some of its days had closed, and since when a partner can
//! see a commitment.
//!
//! Older programs beside newer ones do not write the new columns.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column};

/// Adds the original first day of late pauses, and since when a partner can see a commitment.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "pause", &mut date_null("asked_first_date")).await?;
        add_column(manager, "commitment", &mut date_null("seen_since")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "commitment", "seen_since").await?;
        drop_column(manager, "pause", "asked_first_date").await
    }
}
