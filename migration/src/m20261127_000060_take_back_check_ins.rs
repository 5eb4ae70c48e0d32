//! Adds which parts of a check-in a member took back, and whether a check-in counts that arrived after its day had
//! closed.
//!
//! Older programs beside newer ones do not write the new columns: their check-ins count, and nothing of them is taken
//! back.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column, instant_null};

/// Adds which parts of a check-in a member took back, and whether it counts for the progress.
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
