//! Creates check-ins, progress and the daily reminder.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, index, instant, instant_null, table, unique_index};

/// Creates check-ins, progress and the daily reminder.
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
                table("check_in")
                    .col(pk_uuid("id"))
                    .col(uuid("member_id"))
                    .col(date("local_date"))
                    .col(text("time_zone"))
                    .col(integer("day_start_hour"))
                    .col(integer_null("mood"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .foreign_key(&mut belongs_to("check_in", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                unique_index(
                    "ix_check_in_member_id_local_date",
                    "check_in",
                    &["member_id", "local_date"],
                )
                .take(),
            )
            .await?;
        manager
            .create_table(
                table("progress")
                    .col(pk_uuid("member_id"))
                    .col(integer("days_shown_up"))
                    .col(date_null("last_local_date"))
                    .col(instant("updated_at"))
                    .foreign_key(&mut belongs_to("progress", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("check_in_reminder")
                    .col(pk_uuid("member_id"))
                    .col(time("local_time"))
                    .col(boolean("enabled"))
                    .col(instant_null("next_due_at"))
                    .foreign_key(&mut belongs_to(
                        "check_in_reminder",
                        "member_id",
                        "member",
                        "id",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_check_in_reminder_next_due_at_open",
                    "check_in_reminder",
                    &["next_due_at"],
                )
                .and_where(Expr::col("next_due_at").is_not_null())
                .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["check_in_reminder", "progress", "check_in"]).await
    }
}
