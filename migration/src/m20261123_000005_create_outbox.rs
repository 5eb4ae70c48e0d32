//! Creates devices, notifications, deliveries and background jobs.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{
    belongs_to, drop_tables, index, instant, instant_null, refers_to, table, text_uniq,
    unique_index,
};

/// Creates devices, notifications, deliveries and background jobs.
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
                table("device")
                    .col(pk_uuid("id"))
                    .col(uuid("member_id"))
                    .col(uuid_null("session_id"))
                    .col(text("address_kind"))
                    .col(text("address"))
                    .col(text_uniq("address_key"))
                    .col(text_null("installation_id"))
                    .col(text("platform"))
                    .col(text("app_version"))
                    .col(text("locale"))
                    .col(instant("registered_at"))
                    .col(instant("last_seen_at"))
                    .col(instant_null("dead_at"))
                    .col(text_null("dead_reason"))
                    .foreign_key(&mut belongs_to("device", "member_id", "member", "id"))
                    .foreign_key(&mut refers_to("device", "session_id", "session", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(index("ix_device_member_id", "device", &["member_id"]).take())
            .await?;
        manager
            .create_index(index("ix_device_session_id", "device", &["session_id"]).take())
            .await?;
        manager
            .create_table(
                table("notification")
                    .col(pk_uuid("id"))
                    .col(uuid("member_id"))
                    .col(text("kind"))
                    .col(text("dedup_key"))
                    .col(uuid_null("subject_id"))
                    .col(instant("not_before"))
                    .col(instant("expires_at"))
                    .col(text("state"))
                    .col(text_null("skip_reason"))
                    .col(instant("created_at"))
                    .col(instant_null("read_at"))
                    .foreign_key(&mut belongs_to("notification", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                unique_index(
                    "ix_notification_member_id_dedup_key",
                    "notification",
                    &["member_id", "dedup_key"],
                )
                .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_notification_member_id_not_before_id",
                    "notification",
                    &["member_id", "not_before", "id"],
                )
                .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_notification_subject_id",
                    "notification",
                    &["subject_id"],
                )
                .take(),
            )
            .await?;
        manager
            .create_table(
                table("push_delivery")
                    .col(pk_uuid("id"))
                    .col(uuid("notification_id"))
                    .col(uuid("device_id"))
                    .col(text("state"))
                    .col(text_null("reason"))
                    .col(integer("attempts"))
                    .col(instant("due_at"))
                    .col(instant("expires_at"))
                    .col(uuid_null("lease_holder"))
                    .col(instant_null("lease_until"))
                    .col(text_null("provider_message_id"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .foreign_key(&mut belongs_to(
                        "push_delivery",
                        "notification_id",
                        "notification",
                        "id",
                    ))
                    .foreign_key(&mut belongs_to(
                        "push_delivery",
                        "device_id",
                        "device",
                        "id",
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                unique_index(
                    "ix_push_delivery_notification_id_device_id",
                    "push_delivery",
                    &["notification_id", "device_id"],
                )
                .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_push_delivery_device_id",
                    "push_delivery",
                    &["device_id"],
                )
                .take(),
            )
            .await?;
        manager
            .create_index(
                index("ix_push_delivery_due_at_open", "push_delivery", &["due_at"])
                    .and_where(Expr::col("state").is_in(["queued", "retrying"]))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("job")
                    .col(pk_uuid("id"))
                    .col(text("kind"))
                    .col(text("payload"))
                    .col(text_null("dedup_key"))
                    .col(text("state"))
                    .col(instant("run_at"))
                    .col(integer("attempts"))
                    .col(uuid_null("lease_holder"))
                    .col(instant_null("lease_until"))
                    .col(text_null("last_error"))
                    .col(instant("created_at"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                index("ix_job_run_at_open", "job", &["run_at"])
                    .and_where(Expr::col("state").eq("ready"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                unique_index("ix_job_dedup_key_unstarted", "job", &["dedup_key"])
                    .and_where(Expr::col("attempts").eq(0))
                    .take(),
            )
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["job", "push_delivery", "notification", "device"]).await
    }
}
