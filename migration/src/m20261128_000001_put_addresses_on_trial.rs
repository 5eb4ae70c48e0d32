//! Adds when the provider reported a push address as gone, and creates tallies of its recent answers.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{add_column, drop_column, instant, instant_null, key, table};

/// Adds when the provider reported a push address as gone, and creates tallies of its recent answers.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_column(manager, "device", &mut instant_null("doubted_at")).await?;
        let tally = table("push_tally")
            .col(instant("minute"))
            .col(uuid("worker"))
            .col(big_integer("accepted"))
            .col(big_integer("dead"))
            .primary_key(&mut key(&["minute", "worker"]))
            .take();
        manager.create_table(tally).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let tally = Table::drop().table("push_tally").to_owned();
        manager.drop_table(tally).await?;
        drop_column(manager, "device", "doubted_at").await
    }
}
