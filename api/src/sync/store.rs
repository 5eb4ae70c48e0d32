//! SQL that reads feeds and removes tombstones.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::change::{self, Kind};
use entity::{MemberId, change_feed};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, FromQueryResult, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, Statement, Value,
};
use uuid::Uuid;

use super::model::{Change, Feed, Wanted};
use crate::error::Fault;
use crate::tx::{Item, Tx};

/// The `LEFT JOIN` returns the feed even if it has no changes. The limit is in the subquery, where the index provides
/// the order.
const READ: &str = "SELECT feed.last_seq, feed.pruned_through, \
    next.kind, next.node_id, next.seq, next.deleted, next.changed_at \
    FROM change_feed AS feed LEFT JOIN (\
    SELECT kind, node_id, seq, deleted, changed_at FROM change \
    WHERE member_id = $1 AND seq > $2 AND (seq > $3 OR NOT deleted) ORDER BY seq LIMIT $4\
    ) AS next ON true WHERE feed.member_id = $1 ORDER BY next.seq";

#[derive(FromQueryResult)]
struct Row {
    last_seq: i64,
    pruned_through: i64,
    kind: Option<Kind>,
    node_id: Option<Uuid>,
    seq: Option<i64>,
    deleted: Option<bool>,
    changed_at: Option<DateTime<Utc>>,
}

/// Returns the state of a member's feed and the first wanted changes, in one statement. Returns `None` if the member
/// does not exist.
pub(super) async fn read(
    db: &impl ConnectionTrait,
    member: MemberId,
    wanted: Wanted,
    limit: u64,
) -> Result<Option<(Feed, Vec<Change>)>, Fault> {
    let values = [
        member.into(),
        wanted.after.into(),
        wanted.tombstones_after.into(),
        i64::try_from(limit).unwrap_or(i64::MAX).into(),
    ];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), READ, values);
    let rows = Row::find_by_statement(statement).all(db).await?;
    let feed = rows.first().map(|row| Feed {
        last_seq: row.last_seq,
        pruned_through: row.pruned_through,
    });
    let changes = rows.into_iter().filter_map(|row| {
        Some(Change {
            seq: row.seq?,
            item: Item {
                kind: row.kind?,
                id: row.node_id?,
            },
            deleted: row.deleted?,
            changed_at: row.changed_at?,
        })
    });
    Ok(feed.map(|feed| (feed, changes.collect())))
}

/// A literal and not a bound variable: otherwise the partial index is not used.
fn tombstone() -> Expr {
    Expr::cust("\"change\".\"deleted\" = TRUE")
}

const PRUNED_THROUGH: &str = "UPDATE change_feed SET pruned_through = old.seq FROM (\
    SELECT member_id, MAX(seq) AS seq FROM change \
    WHERE deleted = TRUE AND changed_at < $1 AND member_id IN (MEMBERS) GROUP BY member_id\
    ) AS old WHERE old.member_id = change_feed.member_id AND old.seq > change_feed.pruned_through";

/// Returns up to `limit` members who have tombstones from before an instant.
pub(super) async fn with_old_tombstones(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<MemberId>, Fault> {
    let oldest = change::Entity::find()
        .select_only()
        .column(change::Column::MemberId)
        .filter(tombstone())
        .filter(change::Column::ChangedAt.lt(before))
        .order_by_asc(change::Column::ChangedAt)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    // Sorted and without duplicates, in the order in which feeds are locked.
    let oldest: BTreeSet<MemberId> = oldest.into_iter().collect();
    Ok(oldest.into_iter().collect())
}

/// Removes the given members' tombstones from before an instant, and stores the highest removed number in each feed.
/// The caller must have locked the feeds.
pub(super) async fn remove_tombstones(
    tx: &Tx,
    members: &[MemberId],
    before: DateTime<Utc>,
) -> Result<(), Fault> {
    let values = [before.into()].into_iter();
    let values: Vec<Value> = values
        .chain(members.iter().map(|member| (*member).into()))
        .collect();
    let placeholders: Vec<String> = (2..=values.len()).map(|n| format!("${n}")).collect();
    let sql = PRUNED_THROUGH.replace("MEMBERS", &placeholders.join(", "));
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    tx.execute_raw(statement).await?;
    // Only now: the statement above reads these rows.
    change::Entity::delete_many()
        .filter(change::Column::MemberId.is_in(members.iter().copied()))
        .filter(tombstone())
        .filter(change::Column::ChangedAt.lt(before))
        .exec(tx)
        .await?;
    Ok(())
}

/// More changes than a feed can get between a backup and its restoration.
const AHEAD: i64 = 1_000_000;

/// Moves every feed beyond all cursors that were given out, so that each phone must start again.
pub(super) async fn begin_anew(tx: &Tx) -> Result<(), Fault> {
    let ahead = || Expr::col(change_feed::Column::LastSeq).add(AHEAD);
    change_feed::Entity::update_many()
        .col_expr(change_feed::Column::LastSeq, ahead())
        .col_expr(change_feed::Column::PrunedThrough, ahead())
        .exec(tx)
        .await?;
    Ok(())
}
