//! Creates delayed changes of e-mail addresses, and marks devices that get a last notification after sign-out.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{
    add_column, belongs_to, drop_column, drop_tables, index, instant, instant_null, table,
    unique_index,
};

/// Creates delayed changes of e-mail addresses, and marks devices that get a last notification after sign-out.
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
                table("email_change")
                    .col(pk_uuid("id"))
                    .col(uuid("member_id"))
                    .col(text("old_email_key"))
                    .col(text("new_email"))
                    .col(instant("confirmed_at"))
                    .col(instant("due_at"))
                    .col(instant_null("dropped_at"))
                    .col(instant_null("done_at"))
                    .foreign_key(&mut belongs_to("email_change", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        let of_member = unique_index("ux_email_change_member_id", "email_change", &["member_id"]);
        manager.create_index(of_member).await?;
        let of_address = index(
            "ix_email_change_old_email_key",
            "email_change",
            &["old_email_key"],
        );
        manager.create_index(of_address).await?;
        add_column(manager, "device", &mut instant_null("parted_at")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_column(manager, "device", "parted_at").await?;
        drop_tables(manager, &["email_change"]).await
    }
}
