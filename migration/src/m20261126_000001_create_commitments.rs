//! Creates commitments and their days.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{
    belongs_to, drop_tables, index, instant, instant_null, key, refers_to, table,
};

/// Creates commitments and their days.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn commitment() -> TableCreateStatement {
    table("commitment")
        .col(pk_uuid("id"))
        .col(uuid("member_id"))
        .col(blob("words"))
        .col(date_null("due_on"))
        .col(integer_null("weekdays"))
        .col(date("starts_on"))
        .col(uuid_null("peering_id"))
        .col(date_null("next_ask_on"))
        .col(instant_null("next_ask_at"))
        .col(integer("version"))
        .col(instant("created_at"))
        .col(date_null("ended_on"))
        .col(instant_null("ended_at"))
        .foreign_key(&mut belongs_to("commitment", "member_id", "member", "id"))
        .foreign_key(&mut refers_to("commitment", "peering_id", "peering", "id"))
        .take()
}

fn day() -> TableCreateStatement {
    table("commitment_day")
        .col(uuid("commitment_id"))
        .col(date("due_on"))
        .col(text_null("answer"))
        .col(instant_null("answered_at"))
        .col(date_null("carried_to"))
        .primary_key(&mut key(&["commitment_id", "due_on"]))
        .foreign_key(&mut belongs_to(
            "commitment_day",
            "commitment_id",
            "commitment",
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
        for table in [commitment(), day()] {
            manager.create_table(table).await?;
        }
        for index in [
            index(
                "ix_commitment_member_id_created_at_id",
                "commitment",
                &["member_id", "created_at", "id"],
            ),
            index(
                "ix_commitment_peering_id_created_at_id",
                "commitment",
                &["peering_id", "created_at", "id"],
            ),
            index("ix_commitment_next_ask_at", "commitment", &["next_ask_at"])
                .and_where(Expr::col("next_ask_at").is_not_null())
                .take(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["commitment_day", "commitment"]).await
    }
}
