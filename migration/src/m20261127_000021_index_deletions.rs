//! Adds an index of accounts that wait for deletion.

use sea_orm_migration::prelude::*;

use crate::support::index;

/// Adds an index of accounts that wait for deletion.
#[derive(DeriveMigrationName)]
pub struct Migration;

const NAME: &str = "ix_account_deletion_due_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let deletions = index(NAME, "account", &["deletion_due_at"])
            .and_where(Expr::col("deletion_due_at").is_not_null())
            .take();
        manager.create_index(deletions).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name(NAME).table("account").to_owned();
        manager.drop_index(index).await
    }
}
