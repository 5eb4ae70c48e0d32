//! Creates invitations to circles, which wait for the answer of the invited member.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, index, instant, instant_null, refers_to, table};

/// Creates invitations to circles.
#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = "circle_invitation";
        manager
            .create_table(
                table(name)
                    .col(pk_uuid("id"))
                    .col(uuid("circle_id"))
                    .col(uuid("member_id"))
                    .col(uuid_null("invited_by"))
                    .col(text("role"))
                    .col(text("state"))
                    .col(instant("at"))
                    .col(instant("expires_at"))
                    .col(instant_null("answered_at"))
                    .col(instant_null("ended_at"))
                    .foreign_key(&mut belongs_to(name, "circle_id", "circle", "id"))
                    .foreign_key(&mut belongs_to(name, "member_id", "member", "id"))
                    .foreign_key(&mut refers_to(name, "invited_by", "member", "id"))
                    .take(),
            )
            .await?;
        for index in [
            index(
                "ix_circle_invitation_member_id_at_id",
                name,
                &["member_id", "at", "id"],
            ),
            index(
                "ix_circle_invitation_circle_id_at",
                name,
                &["circle_id", "at"],
            ),
            index(
                "ix_circle_invitation_invited_by_at",
                name,
                &["invited_by", "at"],
            ),
            index("ix_circle_invitation_expires_at", name, &["expires_at"])
                .and_where(Expr::col("ended_at").is_null())
                .take(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["circle_invitation"]).await
    }
}
