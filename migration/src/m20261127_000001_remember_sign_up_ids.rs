//! Creates the table of used ids of sign-ups, each with a keyed hash of its address.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{drop_tables, index, instant, table};

/// Creates the table of used ids of sign-ups.
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
                table("used_sign_up_id")
                    .col(pk_uuid("id"))
                    .col(binary("address_mac"))
                    .col(instant("used_at"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_used_sign_up_id_used_at",
                    "used_sign_up_id",
                    &["used_at"],
                )
                .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["used_sign_up_id"]).await
    }
}
