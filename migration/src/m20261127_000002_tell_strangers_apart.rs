//! Adds data that tell members from strangers who guess: the networks that members signed in from, and the request that
//! a code answers.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column, drop_tables, index, instant, key, table};

/// Adds data that tell members from strangers who guess.
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
                table("network_member")
                    .col(text("network"))
                    .col(text("who"))
                    .col(instant("seen_at"))
                    .primary_key(&mut key(&["network", "who"]))
                    .take(),
            )
            .await?;
        manager
            .create_index(index("ix_network_member_seen_at", "network_member", &["seen_at"]).take())
            .await?;
        add_column(manager, "account_code", &mut uuid_null("request_id")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "account_code", "request_id").await?;
        drop_tables(manager, &["network_member"]).await
    }
}
