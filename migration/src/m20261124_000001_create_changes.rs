//! Creates the feed of changes to the items that a member's devices keep, in the order in which they became visible.

use sea_orm_migration::{prelude::*, schema::*};

use crate::support::{belongs_to, drop_tables, index, instant, key, table, unique_index};

/// Creates the feed of changes.
#[derive(DeriveMigrationName)]
pub struct Migration;

/// Adds all existing items that devices keep, numbered for each member from the oldest on.
const WHAT_IS_THERE: &str = "INSERT INTO change (member_id, kind, node_id, seq, deleted, changed_at) \
    SELECT member_id, kind, node_id, \
    ROW_NUMBER() OVER (PARTITION BY member_id ORDER BY changed_at, kind, node_id), FALSE, changed_at \
    FROM (\
    SELECT id AS member_id, 'member' AS kind, id AS node_id, updated_at AS changed_at FROM member \
    UNION ALL \
    SELECT member_id, 'check_in', id, updated_at FROM check_in \
    UNION ALL \
    SELECT member_id, 'meeting_occurrence', occurrence_id, updated_at FROM rsvp \
    UNION ALL \
    SELECT rsvp.member_id, 'meeting', meeting_occurrence.meeting_id, MAX(rsvp.updated_at) \
    FROM rsvp JOIN meeting_occurrence ON meeting_occurrence.id = rsvp.occurrence_id \
    GROUP BY rsvp.member_id, meeting_occurrence.meeting_id \
    UNION ALL \
    SELECT member_id, 'notification', id, not_before FROM notification \
    WHERE state IN ('planned', 'skipped')\
    ) AS kept";

const FEEDS: &str = "INSERT INTO change_feed (member_id, last_seq, pruned_through) \
    SELECT member.id, (SELECT COUNT(*) FROM change WHERE change.member_id = member.id), 0 FROM member";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("change_feed")
                    .col(pk_uuid("member_id"))
                    .col(big_integer("last_seq"))
                    .col(big_integer("pruned_through"))
                    .foreign_key(&mut belongs_to("change_feed", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("change")
                    .col(uuid("member_id"))
                    .col(text("kind"))
                    .col(uuid("node_id"))
                    .col(big_integer("seq"))
                    .col(boolean("deleted"))
                    .col(instant("changed_at"))
                    .primary_key(&mut key(&["member_id", "kind", "node_id"]))
                    .foreign_key(&mut belongs_to("change", "member_id", "member", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                unique_index("ix_change_member_id_seq", "change", &["member_id", "seq"]).take(),
            )
            .await?;
        manager
            .create_index(
                index("ix_change_changed_at_deleted", "change", &["changed_at"])
                    .and_where(Expr::col("deleted").eq(true))
                    .take(),
            )
            .await?;
        let db = manager.get_connection();
        db.execute_unprepared(WHAT_IS_THERE).await?;
        db.execute_unprepared(FEEDS).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["change", "change_feed"]).await
    }
}
