//! Creates pacts, nudges and consents.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{
    belongs_to, drop_tables, index, instant, instant_null, key, refers_to, table, unique_index,
};

/// Creates pacts, nudges and consents.
#[derive(DeriveMigrationName)]
pub struct Migration;

fn pact() -> TableCreateStatement {
    table("pact")
        .col(pk_uuid("id"))
        .col(uuid("peering_id"))
        .col(uuid("proposed_by"))
        .col(text("state"))
        .col(date_null("ends_on"))
        .col(instant_null("ends_at"))
        .col(instant("created_at"))
        .col(instant("expires_at"))
        .col(instant_null("accepted_at"))
        .col(instant_null("ended_at"))
        .col(integer("version"))
        .foreign_key(&mut belongs_to("pact", "peering_id", "peering", "id"))
        .take()
}

fn side() -> TableCreateStatement {
    table("pact_side")
        .col(uuid("pact_id"))
        .col(uuid("member_id"))
        .col(text("sharing"))
        .col(instant_null("agreed_until"))
        .col(text("nudge_style"))
        .col(text_null("nudge_wish"))
        .col(instant("updated_at"))
        .primary_key(&mut key(&["pact_id", "member_id"]))
        .foreign_key(&mut belongs_to("pact_side", "pact_id", "pact", "id"))
        .foreign_key(&mut belongs_to("pact_side", "member_id", "member", "id"))
        .take()
}

fn nudge() -> TableCreateStatement {
    table("pact_nudge")
        .col(pk_uuid("id"))
        .col(uuid("pact_id"))
        .col(uuid("from_member"))
        .col(uuid("to_member"))
        .col(text_null("template"))
        .col(blob_null("words"))
        .col(date("local_date"))
        .col(instant("created_at"))
        .col(instant_null("answered_at"))
        .col(text_null("answer"))
        .foreign_key(&mut belongs_to("pact_nudge", "pact_id", "pact", "id"))
        .foreign_key(&mut belongs_to("pact_nudge", "from_member", "member", "id"))
        .foreign_key(&mut belongs_to("pact_nudge", "to_member", "member", "id"))
        .take()
}

fn consent() -> TableCreateStatement {
    table("consent")
        .col(pk_uuid("id"))
        .col(uuid("member_id"))
        .col(text("purpose"))
        .col(uuid_null("other_member_id"))
        .col(text("detail"))
        .col(instant("given_at"))
        .col(instant_null("withdrawn_at"))
        .foreign_key(&mut belongs_to("consent", "member_id", "member", "id"))
        .foreign_key(&mut refers_to("consent", "other_member_id", "member", "id"))
        .take()
}

fn open() -> Expr {
    Expr::col("ended_at").is_null()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [pact(), side(), nudge(), consent()] {
            manager.create_table(table).await?;
        }
        let waiting = Expr::col("state").is_in(["proposed", "declined"]);
        for index in [
            unique_index("ix_pact_peering_id_open", "pact", &["peering_id"])
                .and_where(open())
                .take(),
            index("ix_pact_peering_id", "pact", &["peering_id"]),
            index("ix_pact_ends_at_open", "pact", &["ends_at"])
                .and_where(open())
                .take(),
            index("ix_pact_expires_at_waiting", "pact", &["expires_at"])
                .and_where(waiting)
                .and_where(open())
                .take(),
            index("ix_pact_side_member_id", "pact_side", &["member_id"]),
            index("ix_pact_side_agreed_until", "pact_side", &["agreed_until"])
                .and_where(Expr::col("agreed_until").is_not_null())
                .take(),
            index(
                "ix_pact_nudge_pact_id_created_at_id",
                "pact_nudge",
                &["pact_id", "created_at", "id"],
            ),
            index(
                "ix_pact_nudge_from_member_local_date",
                "pact_nudge",
                &["from_member", "local_date"],
            ),
            index("ix_pact_nudge_to_member", "pact_nudge", &["to_member"]),
            index(
                "ix_consent_member_id_given_at_id",
                "consent",
                &["member_id", "given_at", "id"],
            ),
            index(
                "ix_consent_other_member_id",
                "consent",
                &["other_member_id"],
            ),
            unique_index(
                "ix_consent_member_id_purpose_other_member_id_given",
                "consent",
                &["member_id", "purpose", "other_member_id"],
            )
            .and_where(Expr::col("withdrawn_at").is_null())
            .take(),
        ] {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["consent", "pact_nudge", "pact_side", "pact"]).await
    }
}
