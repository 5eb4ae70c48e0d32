//! Creates circles, meetings and answers to occurrences.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{
    belongs_to, drop_tables, index, instant, key, refers_to, table, unique_index,
};

/// Creates circles, meetings and answers to occurrences.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    #[allow(
        clippy::too_many_lines,
        reason = "a table after the other, nothing to follow"
    )]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("circle")
                    .col(pk_uuid("id"))
                    .col(text("name"))
                    .col(text("purpose"))
                    .col(integer("version"))
                    .col(instant("created_at"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("circle_membership")
                    .col(uuid("circle_id"))
                    .col(uuid("member_id"))
                    .col(text("role"))
                    .col(instant("joined_at"))
                    .primary_key(&mut key(&["circle_id", "member_id"]))
                    .foreign_key(&mut belongs_to(
                        "circle_membership",
                        "circle_id",
                        "circle",
                        "id",
                    ))
                    .foreign_key(&mut belongs_to(
                        "circle_membership",
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
                    "ix_circle_membership_member_id",
                    "circle_membership",
                    &["member_id"],
                )
                .take(),
            )
            .await?;
        manager
            .create_table(
                table("meeting")
                    .col(pk_uuid("id"))
                    .col(uuid_null("circle_id"))
                    .col(uuid_null("host_id"))
                    .col(text("title"))
                    .col(text("description"))
                    .col(text("format"))
                    .col(text_null("place"))
                    .col(text_null("join_url"))
                    .col(text("time_zone"))
                    .col(integer("version"))
                    .col(instant("created_at"))
                    .foreign_key(&mut belongs_to("meeting", "circle_id", "circle", "id"))
                    .foreign_key(&mut refers_to("meeting", "host_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(index("ix_meeting_circle_id", "meeting", &["circle_id"]).take())
            .await?;
        manager
            .create_index(index("ix_meeting_host_id", "meeting", &["host_id"]).take())
            .await?;
        manager
            .create_table(
                table("meeting_occurrence")
                    .col(pk_uuid("id"))
                    .col(uuid("meeting_id"))
                    .col(date("local_date"))
                    .col(time("local_time"))
                    .col(instant("starts_at"))
                    .col(instant("ends_at"))
                    .col(integer_null("capacity"))
                    .col(integer("seats_taken"))
                    .col(text("status"))
                    .col(integer("version"))
                    .check(Expr::cust(
                        "seats_taken >= 0 AND (capacity IS NULL OR seats_taken <= capacity)",
                    ))
                    .foreign_key(&mut belongs_to(
                        "meeting_occurrence",
                        "meeting_id",
                        "meeting",
                        "id",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_meeting_occurrence_meeting_id",
                    "meeting_occurrence",
                    &["meeting_id"],
                )
                .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_meeting_occurrence_starts_at_id",
                    "meeting_occurrence",
                    &["starts_at", "id"],
                )
                .take(),
            )
            .await?;
        manager
            .create_table(
                table("rsvp")
                    .col(pk_uuid("id"))
                    .col(uuid("occurrence_id"))
                    .col(uuid("member_id"))
                    .col(text("answer"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .foreign_key(&mut belongs_to(
                        "rsvp",
                        "occurrence_id",
                        "meeting_occurrence",
                        "id",
                    ))
                    .foreign_key(&mut belongs_to("rsvp", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                unique_index(
                    "ix_rsvp_occurrence_id_member_id",
                    "rsvp",
                    &["occurrence_id", "member_id"],
                )
                .take(),
            )
            .await?;
        manager
            .create_index(index("ix_rsvp_member_id", "rsvp", &["member_id"]).take())
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "rsvp",
                "meeting_occurrence",
                "meeting",
                "circle_membership",
                "circle",
            ],
        )
        .await
    }
}
