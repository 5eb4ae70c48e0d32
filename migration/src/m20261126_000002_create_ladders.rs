//! Creates ladders, their rungs and their tellings.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{
    belongs_to, drop_tables, index, instant, instant_null, refers_to, table, unique_index,
};

/// Creates ladders, their rungs and their tellings.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn ladder() -> TableCreateStatement {
    table("ladder")
        .col(pk_uuid("member_id"))
        .col(time("local_time"))
        .col(date("counts_from"))
        .col(instant_null("next_due_at"))
        .col(integer("version"))
        .col(instant("updated_at"))
        .foreign_key(&mut belongs_to("ladder", "member_id", "member", "id"))
        .take()
}

fn rung() -> TableCreateStatement {
    table("ladder_rung")
        .col(pk_uuid("id"))
        .col(uuid("member_id"))
        .col(text("kind"))
        .col(integer("after_days"))
        .col(uuid_null("told_id"))
        .col(uuid_null("peering_id"))
        .col(uuid_null("circle_id"))
        .col(text("tells"))
        .col(blob_null("words"))
        .col(instant("created_at"))
        .col(instant_null("answered_at"))
        .col(instant_null("agreed_at"))
        .col(instant_null("told_at"))
        .foreign_key(&mut belongs_to("ladder_rung", "member_id", "member", "id"))
        .foreign_key(&mut belongs_to("ladder_rung", "told_id", "member", "id"))
        .foreign_key(&mut belongs_to(
            "ladder_rung",
            "peering_id",
            "peering",
            "id",
        ))
        .foreign_key(&mut belongs_to("ladder_rung", "circle_id", "circle", "id"))
        .take()
}

fn telling() -> TableCreateStatement {
    table("ladder_telling")
        .col(pk_uuid("id"))
        .col(uuid("member_id"))
        .col(uuid_null("rung_id"))
        .col(text("kind"))
        .col(uuid_null("told_id"))
        .col(date_null("quiet_since"))
        .col(blob_null("words"))
        .col(instant("told_at"))
        .col(instant_null("over_at"))
        .foreign_key(&mut belongs_to(
            "ladder_telling",
            "member_id",
            "member",
            "id",
        ))
        .foreign_key(&mut refers_to(
            "ladder_telling",
            "rung_id",
            "ladder_rung",
            "id",
        ))
        .foreign_key(&mut refers_to("ladder_telling", "told_id", "member", "id"))
        .take()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [ladder(), rung(), telling()] {
            manager.create_table(table).await?;
        }
        for index in [
            index("ix_ladder_next_due_at", "ladder", &["next_due_at"])
                .and_where(Expr::col("next_due_at").is_not_null())
                .take(),
            unique_index(
                "ix_ladder_rung_member_id_kind",
                "ladder_rung",
                &["member_id", "kind"],
            ),
            index(
                "ix_ladder_rung_told_id_created_at_id",
                "ladder_rung",
                &["told_id", "created_at", "id"],
            ),
            index("ix_ladder_rung_peering_id", "ladder_rung", &["peering_id"]),
            index("ix_ladder_rung_circle_id", "ladder_rung", &["circle_id"]),
            index(
                "ix_ladder_telling_member_id_told_at_id",
                "ladder_telling",
                &["member_id", "told_at", "id"],
            ),
            index(
                "ix_ladder_telling_told_id_told_at_id",
                "ladder_telling",
                &["told_id", "told_at", "id"],
            ),
            index("ix_ladder_telling_rung_id", "ladder_telling", &["rung_id"]),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["ladder_telling", "ladder_rung", "ladder"]).await
    }
}
