//! Feeds and changes: the only statements there are.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::change::{self, Kind};
use entity::{MemberId, change_feed, member};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _,
    FromQueryResult, Order, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    Statement, Value,
};
use uuid::Uuid;

use super::model::{Change, Feed, Item, Wanted};
use crate::db::Tx;
use crate::error::Fault;

/// Rows written by one statement: each takes five of the 32,766 variables SQLite allows.
pub(super) const ROWS_AT_ONCE: usize = 1000;

/// Takes the feeds of all given in one order, and all of them before anything is written, whatever the plan: nobody
/// is waited for by who waits for him.
const HOLD: &str = "held AS (SELECT member_id FROM change_feed \
    WHERE member_id IN (SELECT member_id FROM given) ORDER BY member_id FOR NO KEY UPDATE)";

/// Takes numbers of the feeds. Who is gone meanwhile has none, and is passed over.
const TAKE: &str = "UPDATE change_feed SET last_seq = change_feed.last_seq + counted.n \
    FROM (SELECT member_id, COUNT(*) AS n FROM GIVEN GROUP BY member_id) AS counted \
    WHERE counted.member_id = change_feed.member_id";

/// Gives each change its number: `back` is how many of the same member come behind it.
const WRITE: &str = "INSERT INTO change (member_id, kind, node_id, seq, deleted, changed_at) \
    SELECT given.member_id, given.kind, given.node_id, feed.last_seq - given.back, given.deleted, $1 \
    FROM given JOIN FEED AS feed ON feed.member_id = given.member_id WHERE true \
    ON CONFLICT (member_id, kind, node_id) DO UPDATE SET \
    seq = excluded.seq, deleted = excluded.deleted, changed_at = excluded.changed_at";

/// Writes changes, at most [`ROWS_AT_ONCE`] of them, by member and each once; how many. One statement on PostgreSQL;
/// SQLite knows no writing subqueries and takes two.
pub(super) async fn write(
    tx: &Tx,
    now: DateTime<Utc>,
    rows: &[(MemberId, Item, bool)],
) -> Result<u64, Fault> {
    let backend = tx.get_database_backend();
    let run = async |sql: String, values: Vec<Value>| {
        let statement = Statement::from_sql_and_values(backend, sql, values);
        tx.execute_raw(statement).await
    };
    let (given, values) = given(now, rows);
    if backend == DbBackend::Sqlite {
        let (take, write) = (
            TAKE.replace("GIVEN", "given"),
            WRITE.replace("FEED", "change_feed"),
        );
        run(format!("WITH {given} {take}"), values.clone()).await?;
        let written = run(format!("WITH {given} {write}"), values).await?;
        return Ok(written.rows_affected());
    }
    let take = TAKE.replace("GIVEN", "held JOIN given USING (member_id)");
    let taken = format!("taken AS ({take} RETURNING change_feed.member_id, last_seq)");
    let write = WRITE.replace("FEED", "taken");
    let written = run(format!("WITH {given}, {HOLD}, {taken} {write}"), values).await?;
    Ok(written.rows_affected())
}

/// Whether one of these members is there and has no feed.
pub(super) async fn lacks_feed(
    tx: &Tx,
    members: impl IntoIterator<Item = MemberId>,
) -> Result<bool, Fault> {
    let with_feed = change_feed::Entity::find()
        .select_only()
        .column(change_feed::Column::MemberId)
        .into_query();
    let without = member::Entity::find()
        .select_only()
        .column(member::Column::Id)
        .filter(member::Column::Id.is_in(members))
        .filter(member::Column::Id.not_in_subquery(with_feed));
    let one: Option<MemberId> = without.into_tuple().one(tx).await?;
    Ok(one.is_some())
}

/// The rows as a table of the statement, and its variables, of which the first is the instant.
fn given(now: DateTime<Utc>, rows: &[(MemberId, Item, bool)]) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = vec![now.into()];
    let mut lines = Vec::new();
    for (place, (member, item, deleted)) in rows.iter().enumerate() {
        let behind = &rows[place + 1..];
        let back = behind.iter().take_while(|row| row.0 == *member).count();
        let n = values.len();
        lines.push(format!(
            "(${}, ${}, ${}, ${}, ${})",
            n + 1,
            n + 2,
            n + 3,
            n + 4,
            n + 5
        ));
        values.extend([
            (*member).into(),
            item.kind.into(),
            item.id.into(),
            (*deleted).into(),
            i64::try_from(back).unwrap_or(i64::MAX).into(),
        ]);
    }
    let lines = lines.join(", ");
    let given = format!("given (member_id, kind, node_id, deleted, back) AS (VALUES {lines})");
    (given, values)
}

/// Makes the feed of a new member.
pub(super) async fn open(tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let feed = change_feed::ActiveModel {
        member_id: Set(member),
        last_seq: Set(0),
        pruned_through: Set(0),
    };
    change_feed::Entity::insert(feed)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}

/// Keeps others from taking numbers of these feeds until the transaction ends.
pub(super) async fn hold(tx: &Tx, members: &[MemberId]) -> Result<(), Fault> {
    let _: Vec<MemberId> = change_feed::Entity::find()
        .select_only()
        .column(change_feed::Column::MemberId)
        .filter(change_feed::Column::MemberId.is_in(members.iter().copied()))
        .order_by(change_feed::Column::MemberId, Order::Asc)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(tx)
        .await?;
    Ok(())
}

/// The limit is inside, where the index gives the order.
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

/// How far a member's feed has come, and the first of the changes wanted of it, in one statement; none for
/// somebody who is not there.
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

/// Written out and not bound: the partial index serves no statement that leaves it open.
fn tombstone() -> Expr {
    Expr::cust("\"change\".\"deleted\" = TRUE")
}

const PRUNED_THROUGH: &str = "UPDATE change_feed SET pruned_through = old.seq FROM (\
    SELECT member_id, MAX(seq) AS seq FROM change \
    WHERE deleted = TRUE AND changed_at < $1 AND member_id IN (THESE) GROUP BY member_id\
    ) AS old WHERE old.member_id = change_feed.member_id AND old.seq > change_feed.pruned_through";

/// Some members, at most `limit`, who have tombstones from before an instant.
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
    let oldest: BTreeSet<MemberId> = oldest.into_iter().collect();
    Ok(oldest.into_iter().collect())
}

/// Removes these members' tombstones from before an instant, and says in their feeds up to where. The feeds are
/// held by the caller.
pub(super) async fn remove_tombstones(
    tx: &Tx,
    members: &[MemberId],
    before: DateTime<Utc>,
) -> Result<(), Fault> {
    let values = [before.into()].into_iter();
    let values: Vec<Value> = values
        .chain(members.iter().map(|member| (*member).into()))
        .collect();
    let places: Vec<String> = (2..=values.len()).map(|n| format!("${n}")).collect();
    let these = PRUNED_THROUGH.replace("THESE", &places.join(", "));
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), these, values);
    tx.execute_raw(statement).await?;
    change::Entity::delete_many()
        .filter(change::Column::MemberId.is_in(members.iter().copied()))
        .filter(tombstone())
        .filter(change::Column::ChangedAt.lt(before))
        .exec(tx)
        .await?;
    Ok(())
}

/// More changes than a feed has between a copy of the database and its return.
const AHEAD: i64 = 1_000_000;

/// Moves every feed beyond every cursor that was given out, so that each begins anew.
pub(super) async fn begin_anew(tx: &Tx) -> Result<(), Fault> {
    let ahead = || Expr::col(change_feed::Column::LastSeq).add(AHEAD);
    change_feed::Entity::update_many()
        .col_expr(change_feed::Column::LastSeq, ahead())
        .col_expr(change_feed::Column::PrunedThrough, ahead())
        .exec(tx)
        .await?;
    Ok(())
}
