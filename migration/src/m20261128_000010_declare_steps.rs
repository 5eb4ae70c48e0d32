//! Creates the table that says which programs may run on a schema with steps they do not know: see `crate::compatible`.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{drop_tables, table};

/// Creates the table that says which programs may run on a schema with steps they do not know.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let steps = table("schema_step")
            .col(text("step").primary_key())
            .col(text("runs_since"))
            .take();
        manager.create_table(steps).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["schema_step"]).await
    }
}
