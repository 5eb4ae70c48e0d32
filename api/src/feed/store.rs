//! SQL that writes feeds.

use chrono::{DateTime, Utc};
use entity::{MemberId, change_feed, member};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, Order,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement, Value,
};

use crate::error::Fault;
use crate::tx::{Item, Rank, Tx};

/// The most rows that one statement writes. Each takes five of the 32,766 variables that SQLite allows.
pub(super) const ROWS_AT_ONCE: usize = 1000;

/// Locks all feeds in one order and before anything is written, whatever the query plan is, so that transactions cannot
/// deadlock.
const HOLD: &str = "held AS (SELECT member_id FROM change_feed \
    WHERE member_id IN (SELECT member_id FROM given) ORDER BY member_id FOR NO KEY UPDATE)";

/// Takes numbers from the feeds. Members who were deleted meanwhile have no feed and are skipped.
const TAKE: &str = "UPDATE change_feed SET last_seq = change_feed.last_seq + counted.n \
    FROM (SELECT member_id, COUNT(*) AS n FROM GIVEN GROUP BY member_id) AS counted \
    WHERE counted.member_id = change_feed.member_id";

/// Gives each change its number. `back` is the number of later changes of the same member.
const WRITE: &str = "INSERT INTO change (member_id, kind, node_id, seq, deleted, changed_at) \
    SELECT given.member_id, given.kind, given.node_id, feed.last_seq - given.back, given.deleted, $1 \
    FROM given JOIN FEED AS feed ON feed.member_id = given.member_id WHERE true \
    ON CONFLICT (member_id, kind, node_id) DO UPDATE SET \
    seq = excluded.seq, deleted = excluded.deleted, changed_at = excluded.changed_at";

/// Writes changes, sorted by member and without duplicates, at most [`ROWS_AT_ONCE`]. Returns how many were written.
/// Takes one statement on PostgreSQL, and two on SQLite, which has no writing subqueries.
pub(super) async fn write(
    tx: &Tx,
    now: DateTime<Utc>,
    rows: &[(MemberId, Item, bool)],
) -> Result<u64, Fault> {
    tx.lock(Rank::Feed);
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

/// Returns whether one of the given members exists and has no feed.
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

/// Returns the rows as a table of the statement, and its variables. The first variable is the instant.
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

/// Inserts the feed of a new member.
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

/// Locks the given feeds `FOR NO KEY UPDATE`: nobody else takes numbers from them until the transaction ends.
pub(super) async fn lock(tx: &Tx, members: &[MemberId]) -> Result<(), Fault> {
    tx.lock(Rank::Feed);
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
