//! Creates the record of changes of meetings.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, index, instant, table};

/// Creates the record of changes of meetings.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = "meeting_change";
        manager
            .create_table(
                table(name)
                    .col(pk_uuid("id"))
                    .col(uuid("meeting_id"))
                    .col(uuid("member_id"))
                    .col(text("fields"))
                    .col(instant("at"))
                    .foreign_key(&mut belongs_to(name, "meeting_id", "meeting", "id"))
                    .foreign_key(&mut belongs_to(name, "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        for index in [
            index(
                "ix_meeting_change_meeting_id_at",
                name,
                &["meeting_id", "at"],
            ),
            index("ix_meeting_change_member_id", name, &["member_id"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["meeting_change"]).await
    }
}
