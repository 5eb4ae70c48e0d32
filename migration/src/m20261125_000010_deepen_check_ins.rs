//! Adds the contents of check-ins, and creates day terms, cadences, pauses and progress.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{
    add_column, belongs_to, drop_column, drop_tables, index, instant, key, table,
};

/// Adds the contents of check-ins, and creates day terms, cadences, pauses and progress.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn said() -> [ColumnDef; 6] {
    [
        integer_null("energy"),
        text_null("emotions"),
        blob_null("note"),
        text_null("kept_word"),
        boolean("wants_a_word").default(false).take(),
        text("visibility").default("private").take(),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for mut column in said() {
            add_column(manager, "check_in", &mut column).await?;
        }
        let mut day_start = integer("day_start_hour").default(3).take();
        add_column(manager, "member", &mut day_start).await?;
        manager
            .create_table(
                table("past_day_terms")
                    .col(uuid("member_id"))
                    .col(instant("until"))
                    .col(date("until_date"))
                    .col(text("time_zone"))
                    .col(integer("day_start_hour"))
                    .primary_key(&mut key(&["member_id", "until"]))
                    .foreign_key(&mut belongs_to(
                        "past_day_terms",
                        "member_id",
                        "member",
                        "id",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("cadence_change")
                    .col(uuid("member_id"))
                    .col(date("from_date"))
                    .col(integer("weekdays"))
                    .primary_key(&mut key(&["member_id", "from_date"]))
                    .foreign_key(&mut belongs_to(
                        "cadence_change",
                        "member_id",
                        "member",
                        "id",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("pause")
                    .col(pk_uuid("id"))
                    .col(uuid("member_id"))
                    .col(date("first_date"))
                    .col(date("last_date"))
                    .col(date("asked_last_date"))
                    .col(instant("created_at"))
                    .foreign_key(&mut belongs_to("pause", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_pause_member_id_first_date",
                    "pause",
                    &["member_id", "first_date"],
                )
                .take(),
            )
            .await?;
        // The rows are recreated from the check-ins when a member next checks in.
        drop_tables(manager, &["progress"]).await?;
        manager
            .create_table(
                table("progress")
                    .col(pk_uuid("member_id"))
                    .col(date_null("settled_through"))
                    .col(integer("days_shown_up"))
                    .col(date_null("last_check_in"))
                    .col(integer("current_run"))
                    .col(integer("longest_run"))
                    .col(integer("returns"))
                    .col(integer("reserve_days"))
                    .col(text("recent_days"))
                    .col(instant("updated_at"))
                    .foreign_key(&mut belongs_to("progress", "member_id", "member", "id"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &["progress", "pause", "cadence_change", "past_day_terms"],
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
            .get_connection()
            .execute_unprepared(
                "INSERT INTO progress (member_id, days_shown_up, last_local_date, updated_at) \
                 SELECT member_id, COUNT(*), MAX(local_date), MAX(updated_at) FROM check_in \
                 GROUP BY member_id",
            )
            .await?;
        drop_column(manager, "member", "day_start_hour").await?;
        for column in [
            "visibility",
            "wants_a_word",
            "kept_word",
            "note",
            "emotions",
            "energy",
        ] {
            drop_column(manager, "check_in", column).await?;
        }
        Ok(())
    }
}
