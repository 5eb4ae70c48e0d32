//! Creates documents that apps request by their hash.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{drop_tables, index, instant, table};

/// Creates documents that apps request by their hash.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("persisted_document")
                    .col(blob("hash").primary_key())
                    .col(text("text"))
                    .col(instant("created_at"))
                    .col(instant("used_at"))
                    .take(),
            )
            .await?;
        let by_use = index(
            "ix_persisted_document_used_at",
            "persisted_document",
            &["used_at"],
        );
        manager.create_index({ by_use }.take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["persisted_document"]).await
    }
}
