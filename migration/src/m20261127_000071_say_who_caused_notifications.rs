//! Adds who caused a notification, so that nobody can cause too many pushes to another member.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column, index};

/// Adds who caused a notification.
#[derive(DeriveMigrationName)]
pub struct Migration;

const INDEX: &str = "ix_notification_caused_by_member_id_created_at";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds a foreign key to a table only with its column.
        let mut caused_by = uuid_null("caused_by")
            .extra(r#"REFERENCES "member" ("id") ON DELETE SET NULL"#)
            .take();
        add_column(manager, "notification", &mut caused_by).await?;
        let columns = ["caused_by", "member_id", "created_at"];
        manager
            .create_index(index(INDEX, "notification", &columns))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop().name(INDEX).table("notification").to_owned();
        manager.drop_index(index).await?;
        drop_column(manager, "notification", "caused_by").await
    }
}
