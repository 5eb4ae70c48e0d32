//! Adds the newest generation of a session's tokens that is known to have been used.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column};

/// Adds the newest generation of a session's tokens that is known to have been used.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut confirmed = integer("confirmed_generation").default(0).take();
        add_column(manager, "session", &mut confirmed).await?;
        // Current tokens count as used: if an older one is used again, it was copied, as before.
        let confirm = "UPDATE session SET confirmed_generation = generation";
        let connection = manager.get_connection();
        connection.execute_unprepared(confirm).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "session", "confirmed_generation").await
    }
}
