//! Creates members, accounts and sessions.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, index, instant, instant_null, table, text_uniq};

/// Creates members, accounts and sessions.
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
                table("member")
                    .col(pk_uuid("id"))
                    .col(text("handle"))
                    .col(text_uniq("handle_key"))
                    .col(text_null("bio"))
                    .col(text_null("story"))
                    .col(text_null("age_band"))
                    .col(text("country"))
                    .col(text_null("region"))
                    .col(text("time_zone"))
                    .col(text("locale"))
                    .col(integer("contact_modes"))
                    .col(text_null("reply_pace"))
                    .col(integer("availability"))
                    .col(integer("version"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .col(instant_null("hidden_at"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("account")
                    .col(pk_uuid("member_id"))
                    .col(text("email"))
                    .col(text_uniq("email_key"))
                    .col(text("passphrase_hash"))
                    .col(text("role"))
                    .col(instant("email_verified_at"))
                    .col(instant("adult_stated_at"))
                    .col(text("terms_version"))
                    .col(instant("terms_accepted_at"))
                    .col(instant_null("deletion_due_at"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .foreign_key(&mut belongs_to("account", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("pending_sign_up")
                    .col(pk_uuid("id"))
                    .col(text("email"))
                    .col(text("email_key"))
                    .col(text("passphrase_hash"))
                    .col(text("handle"))
                    .col(text("time_zone"))
                    .col(text("country"))
                    .col(text("locale"))
                    .col(text("terms_version"))
                    .col(instant("adult_stated_at"))
                    .col(integer("attempts"))
                    .col(instant("created_at"))
                    .col(instant("expires_at"))
                    .col(uuid_null("session_id"))
                    .col(instant_null("verified_at"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_pending_sign_up_expires_at",
                    "pending_sign_up",
                    &["expires_at"],
                )
                .take(),
            )
            .await?;
        manager
            .create_table(
                table("account_code")
                    .col(pk_uuid("id"))
                    .col(uuid("member_id"))
                    .col(text("purpose"))
                    .col(text_null("new_email"))
                    .col(integer("attempts"))
                    .col(instant("created_at"))
                    .col(instant("expires_at"))
                    .col(instant_null("used_at"))
                    .foreign_key(&mut belongs_to("account_code", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                index(
                    "ix_account_code_member_id_purpose_created_at",
                    "account_code",
                    &["member_id", "purpose", "created_at"],
                )
                .take(),
            )
            .await?;
        manager
            .create_table(
                table("session")
                    .col(pk_uuid("id"))
                    .col(uuid("member_id"))
                    .col(text("device_name"))
                    .col(integer("generation"))
                    .col(binary("secret_hash"))
                    .col(instant("rotated_at"))
                    .col(instant("created_at"))
                    .col(instant("last_used_at"))
                    .col(instant("expires_at"))
                    .col(instant_null("revoked_at"))
                    .col(text_null("revoked_reason"))
                    .foreign_key(&mut belongs_to("session", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(index("ix_session_member_id", "session", &["member_id"]).take())
            .await?;
        manager
            .create_index(
                index("ix_session_revoked_at_open", "session", &["revoked_at"])
                    .and_where(Expr::col("revoked_at").is_not_null())
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("rate_limit")
                    .col(text("key").primary_key())
                    .col(big_integer("full_at_us"))
                    .take(),
            )
            .await?;
        manager
            .create_index(index("ix_rate_limit_full_at_us", "rate_limit", &["full_at_us"]).take())
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "rate_limit",
                "session",
                "account_code",
                "pending_sign_up",
                "account",
                "member",
            ],
        )
        .await
    }
}
