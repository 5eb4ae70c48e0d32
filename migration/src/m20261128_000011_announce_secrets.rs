//! Creates the table of the secrets that the last started process can read with.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{drop_tables, instant, table};

/// Creates the table of the secrets that the last started process can read with.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let announced = table("announced_secrets")
            .col(text("purpose").primary_key())
            .col(text("names"))
            .col(instant("announced_at"))
            .take();
        manager.create_table(announced).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["announced_secrets"]).await
    }
}
