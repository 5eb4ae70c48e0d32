//! Creates the check values that show whether this database was written with the configured secrets.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{drop_tables, instant, table};

/// Creates the check values of the secrets.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let checks = table("secret_check")
            .col(text("purpose").primary_key())
            .col(blob("sealed"))
            .col(instant("sealed_at"))
            .take();
        manager.create_table(checks).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["secret_check"]).await
    }
}
