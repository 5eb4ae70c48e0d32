//! Adds pushes that wait while their notifications are in the inbox, and whether a partner may wake a member.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column, index, instant_null};

const HELD: &str = "ix_notification_member_id_held_until";

/// Adds pushes that wait while their notifications are in the inbox, and whether a partner may wake a member.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "notification", &mut instant_null("held_until")).await?;
        let held = index(HELD, "notification", &["member_id", "held_until"])
            .and_where(Expr::col("held_until").is_not_null())
            .take();
        manager.create_index(held).await?;
        // The default is for older processes, which do not write the column.
        let mut woken = boolean("can_be_woken").default(false).take();
        add_column(manager, "pact_side", &mut woken).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "pact_side", "can_be_woken").await?;
        let held = Index::drop().name(HELD).table("notification").to_owned();
        manager.drop_index(held).await?;
        drop_column(manager, "notification", "held_until").await
    }
}
