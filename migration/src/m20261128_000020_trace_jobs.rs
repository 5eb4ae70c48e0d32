//! Adds to each job the id of the request that caused it, so that both can be found in the log.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column};

/// Adds to each job the id of the request that caused it.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "job", &mut uuid_null("request_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "job", "request_id").await
    }
}
