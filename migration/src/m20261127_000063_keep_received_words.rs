//! Creates the table of received words, which are kept for as long as a member may want to show them to somebody who
//! helps.
//!
//! Older programs beside newer ones do not know it: if an older program ends a pact or an account, its words are not
//! kept.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, index, instant, table, unique_index};

/// Creates the table of received words.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn received_words() -> TableCreateStatement {
    table("received_words")
        .col(pk_uuid("id"))
        .col(uuid("member_id"))
        .col(text("kind"))
        .col(uuid("source_id"))
        .col(big_integer("source_no"))
        .col(uuid("pact_id"))
        .col(uuid("peering_id"))
        // No foreign key: the sender may be gone.
        .col(uuid("sender_id"))
        .col(blob("sender_handle"))
        .col(blob_null("words"))
        .col(text_null("template"))
        .col(instant("received_at"))
        .col(instant("ended_at"))
        .col(boolean("while_hidden"))
        .foreign_key(&mut belongs_to(
            "received_words",
            "member_id",
            "member",
            "id",
        ))
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(received_words()).await?;
        for index in [
            unique_index(
                "ux_received_words_member_id_kind_source_id_source_no",
                "received_words",
                &["member_id", "kind", "source_id", "source_no"],
            ),
            index(
                "ix_received_words_member_id_received_at_id",
                "received_words",
                &["member_id", "received_at", "id"],
            ),
            index(
                "ix_received_words_ended_at",
                "received_words",
                &["ended_at"],
            ),
            index(
                "ix_received_words_sender_id",
                "received_words",
                &["sender_id"],
            )
            .and_where(Expr::col("while_hidden"))
            .take(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["received_words"]).await
    }
}
