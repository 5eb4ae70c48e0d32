//! Creates the parts of profiles.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, instant, key, names, table};

/// Creates the parts of profiles.
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
                table("topic")
                    .col(text("slug").primary_key())
                    .col(text("name"))
                    .col(text("description"))
                    .col(integer("position"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("life_context")
                    .col(text("slug").primary_key())
                    .col(text("name"))
                    .col(integer("position"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("member_language")
                    .col(uuid("member_id"))
                    .col(text("tag"))
                    .col(integer("position"))
                    .primary_key(&mut key(&["member_id", "tag"]))
                    .foreign_key(&mut belongs_to(
                        "member_language",
                        "member_id",
                        "member",
                        "id",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("member_topic")
                    .col(uuid("member_id"))
                    .col(text("topic"))
                    .col(text("stance"))
                    .col(text("visibility"))
                    .col(instant("created_at"))
                    .primary_key(&mut key(&["member_id", "topic"]))
                    .foreign_key(&mut belongs_to("member_topic", "member_id", "member", "id"))
                    .foreign_key(&mut names("member_topic", "topic", "topic", "slug"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("member_life_context")
                    .col(uuid("member_id"))
                    .col(text("life_context"))
                    .primary_key(&mut key(&["member_id", "life_context"]))
                    .foreign_key(&mut belongs_to(
                        "member_life_context",
                        "member_id",
                        "member",
                        "id",
                    ))
                    .foreign_key(&mut names(
                        "member_life_context",
                        "life_context",
                        "life_context",
                        "slug",
                    ))
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "member_life_context",
                "member_topic",
                "member_language",
                "life_context",
                "topic",
            ],
        )
        .await
    }
}
