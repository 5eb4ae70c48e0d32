//! What a member takes back of a check-in, and entries that reach us after their day has closed.
//!
//! Older programs beside newer ones leave the new columns alone: what they write counts, and nothing of it was taken back.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column, instant_null};

/// What a member takes back of a check-in, and what counts in his progress.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut columns = [
            boolean("counts").default(true).take(),
            blob_null("sent"),
            instant_null("taken_back_at"),
            instant_null("words_deleted_at"),
        ];
        for column in &mut columns {
            add_column(manager, "check_in", column).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["words_deleted_at", "taken_back_at", "sent", "counts"] {
            drop_column(manager, "check_in", column).await?;
        }
        Ok(())
    }
}
