//! Creates peerings.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, index, instant, instant_null, table, unique_index};

/// Creates peerings.
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
                table("peering")
                    .col(pk_uuid("id"))
                    .col(uuid("lower_id"))
                    .col(uuid("higher_id"))
                    .col(uuid("proposed_by"))
                    .col(text("state"))
                    .col(instant("proposed_at"))
                    .col(instant("expires_at"))
                    .col(instant_null("answered_at"))
                    .col(instant_null("ended_at"))
                    .foreign_key(&mut belongs_to("peering", "lower_id", "member", "id"))
                    .foreign_key(&mut belongs_to("peering", "higher_id", "member", "id"))
                    .take(),
            )
            .await?;
        // A pair has at most one peering that has not ended: proposed, declined but not yet expired, or active.
        manager
            .create_index(
                unique_index(
                    "ix_peering_lower_id_higher_id_open",
                    "peering",
                    &["lower_id", "higher_id"],
                )
                .and_where(Expr::col("ended_at").is_null())
                .take(),
            )
            .await?;
        for (name, column) in [
            ("ix_peering_lower_id", "lower_id"),
            ("ix_peering_higher_id", "higher_id"),
        ] {
            manager
                .create_index(index(name, "peering", &[column]).take())
                .await?;
        }
        manager
            .create_index(
                index("ix_peering_expires_at_waiting", "peering", &["expires_at"])
                    .and_where(Expr::col("state").is_in(["proposed", "declined"]))
                    .and_where(Expr::col("ended_at").is_null())
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["peering"]).await
    }
}
