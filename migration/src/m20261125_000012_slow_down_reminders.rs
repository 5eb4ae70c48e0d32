//! Adds for how long a member has ignored reminders.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column};

/// Adds for how long a member has ignored reminders.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut ignored = integer("ignored").default(0).take();
        add_column(manager, "check_in_reminder", &mut ignored).await?;
        add_column(
            manager,
            "check_in_reminder",
            &mut date_null("ignored_since"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "check_in_reminder", "ignored_since").await?;
        drop_column(manager, "check_in_reminder", "ignored").await
    }
}
