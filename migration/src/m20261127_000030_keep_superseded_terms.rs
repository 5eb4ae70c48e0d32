//! Creates the table of terms that members accepted before the current ones of their accounts.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, instant, key, table};

/// Creates the table of superseded terms.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let superseded = table("superseded_terms")
            .col(uuid("member_id"))
            .col(instant("accepted_at"))
            .col(text("version"))
            .primary_key(&mut key(&["member_id", "accepted_at"]))
            .foreign_key(&mut belongs_to(
                "superseded_terms",
                "member_id",
                "member",
                "id",
            ))
            .take();
        manager.create_table(superseded).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["superseded_terms"]).await
    }
}
