//! Creates the record of the time zone editions that stored instants were computed with.

use sea_orm_migration::sea_orm::prelude::{DateTimeUtc, Uuid};
use sea_orm_migration::sea_query::Query;
use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{drop_tables, instant, instant_null, table};

/// Creates the record of the time zone editions that stored instants were computed with.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let made = table("zone_data")
            .col(text("version").primary_key())
            .col(instant("begun_at"))
            .col(instant_null("due_at"))
            .col(integer("round"))
            .col(text("stage"))
            .col(uuid_null("after_id"))
            .take();
        manager.create_table(made).await?;
        // The existing instants were computed by a release that carried this edition.
        let before = Query::insert()
            .into_table("zone_data")
            .columns([
                "version", "begun_at", "due_at", "round", "stage", "after_id",
            ])
            .values_panic([
                "2025b".into(),
                DateTimeUtc::UNIX_EPOCH.into(),
                None::<DateTimeUtc>.into(),
                2.into(),
                "reminders".into(),
                None::<Uuid>.into(),
            ])
            .take();
        manager.execute(before).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["zone_data"]).await
    }
}
