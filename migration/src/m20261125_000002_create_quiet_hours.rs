//! Creates quiet hours.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, table};

/// Creates quiet hours.
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
                table("quiet_hours")
                    .col(pk_uuid("member_id"))
                    .col(boolean("enabled"))
                    .col(time("from_time"))
                    .col(time("until_time"))
                    .foreign_key(&mut belongs_to("quiet_hours", "member_id", "member", "id"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["quiet_hours"]).await
    }
}
