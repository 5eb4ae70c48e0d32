//! SQL for the notification table, as the pipeline and the inbox use it.

use chrono::{DateTime, Utc};
use entity::notification::{Column, Entity, Model, SkipReason, State};
use entity::{MemberId, NotificationId};
use sea_orm::sea_query::{Expr, Func, LockType, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use crate::db::Sorted;
use crate::entropy::first_id_at;
use crate::error::Fault;
use crate::page::{Cursor, Page};
use crate::tx::Tx;

/// The most rows that one statement changes.
const ROWS_AT_ONCE: usize = 1000;

/// Notifications by the instant they were due.
const SORTED: Sorted<Column, Column> = Sorted::by_instant(Column::NotBefore, Column::Id);

/// The id of the inbox list; see [`Cursor`].
pub const INBOX: u8 = 9;

/// Returns a pending notification, locked `FOR NO KEY UPDATE`.
pub(super) async fn pending(tx: &Tx, id: NotificationId) -> Result<Option<Model>, Fault> {
    let found = Entity::find_by_id(id)
        .filter(Column::State.eq(State::Pending))
        .lock(LockType::NoKeyUpdate);
    Ok(found.one(tx).await?)
}

/// Returns the given notifications, for the pipeline.
pub(super) async fn by_ids(
    db: &impl ConnectionTrait,
    ids: &[NotificationId],
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find().filter(Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(db).await?)
}

/// Returns the notifications that some members caused for others since an instant.
pub(super) async fn caused(
    db: &impl ConnectionTrait,
    recipients: &[MemberId],
    by: &[MemberId],
    since: DateTime<Utc>,
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::CausedBy.is_in(by.iter().copied()))
        .filter(Column::MemberId.is_in(recipients.iter().copied()))
        .filter(Column::CreatedAt.gt(since));
    Ok(found.all(db).await?)
}

/// Returns up to `limit` notifications after `after` whose push waits, by ascending id, locked `FOR NO KEY UPDATE`.
pub(super) async fn held_behind(
    tx: &Tx,
    after: NotificationId,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::State.eq(State::Pending))
        .filter(Column::HeldUntil.gt(now))
        .filter(Column::Id.gt(after))
        .order_by_asc(Column::Id)
        .limit(limit)
        .lock(LockType::NoKeyUpdate);
    Ok(found.all(tx).await?)
}

/// Returns a member's notifications whose push has waited long enough, locked `FOR NO KEY UPDATE`.
pub(super) async fn wait_is_over(
    tx: &Tx,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, Fault> {
    let due = Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::HeldUntil.lte(now))
        .filter(Column::State.eq(State::Pending))
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate);
    Ok(due.all(tx).await?)
}

/// Makes the pushes of pending notifications wait. The notifications are in the inbox meanwhile.
pub(super) async fn delay(
    tx: &Tx,
    ids: &[NotificationId],
    until: DateTime<Utc>,
) -> Result<(), Fault> {
    for chunk in ids.chunks(ROWS_AT_ONCE) {
        Entity::update_many()
            .col_expr(Column::HeldUntil, Expr::value(until))
            .filter(Column::Id.is_in(chunk.iter().copied()))
            .filter(Column::State.eq(State::Pending))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Records the decision about pending notifications.
pub(super) async fn decide(
    tx: &Tx,
    ids: &[NotificationId],
    state: State,
    reason: Option<SkipReason>,
) -> Result<(), Fault> {
    // A request that was met before its notification arrived is already read.
    let is_done = reason == Some(SkipReason::AlreadyDone);
    let read_at = if is_done {
        let now = Expr::value(tx.began_at());
        Func::coalesce([Expr::col(Column::ReadAt), now]).into()
    } else {
        Expr::col(Column::ReadAt)
    };
    for chunk in ids.chunks(ROWS_AT_ONCE) {
        Entity::update_many()
            .col_expr(Column::State, Expr::value(state))
            .col_expr(Column::SkipReason, Expr::value(reason))
            .col_expr(Column::ReadAt, read_at.clone())
            .filter(Column::Id.is_in(chunk.iter().copied()))
            .filter(Column::State.eq(State::Pending))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Selects the notifications that are in a member's inbox.
fn visible(member: MemberId, now: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::NotBefore.lte(now))
        .filter(Column::State.ne(State::Cancelled))
}

/// Fetches up to `limit + 1` notifications of a member's inbox, newest first, or from the end for a backward page.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
    page: &Page<INBOX>,
) -> Result<Vec<Model>, Fault> {
    let found = SORTED.page(visible(member, now), page);
    Ok(found.all(db).await?)
}

/// Returns notifications of a member's inbox by their ids, in no particular order. One that is already decided was due,
/// whatever this process's clock says.
pub(super) async fn lines_by_ids(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
    ids: &[NotificationId],
) -> Result<Vec<Model>, Fault> {
    let due = Condition::any()
        .add(Column::NotBefore.lte(now))
        .add(Column::State.ne(State::Pending));
    let found = Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::MemberId.eq(member))
        .filter(Column::State.ne(State::Cancelled))
        .filter(due);
    Ok(found.all(db).await?)
}

/// Counts the notifications in a member's inbox.
pub(super) async fn count(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    Ok(visible(member, now).count(db).await?)
}

/// Counts the unread notifications in a member's inbox.
pub(super) async fn unread(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    let found = visible(member, now).filter(Column::ReadAt.is_null());
    Ok(found.count(db).await?)
}

/// The notifications to mark as read.
#[derive(Clone, Debug)]
pub(super) enum InboxFilter {
    /// Those with these ids that are in the inbox.
    Ids(Vec<NotificationId>),
    /// This one and everything older.
    UpTo(Cursor<INBOX>),
}

/// Marks notifications of a member's inbox as read, and returns them. Those that were already read keep their time and
/// are not returned.
pub(super) async fn mark_read(
    tx: &Tx,
    member: MemberId,
    now: DateTime<Utc>,
    filter: &InboxFilter,
) -> Result<Vec<Model>, Fault> {
    let marked = match filter {
        InboxFilter::Ids(ids) => Condition::all().add(Column::Id.is_in(ids.iter().copied())),
        InboxFilter::UpTo(cursor) => {
            let older = SORTED.beyond(*cursor, true);
            Condition::any()
                .add_option(older)
                .add(Column::Id.eq(NotificationId(cursor.id)))
        }
    };
    let marked = Entity::update_many()
        .col_expr(Column::ReadAt, Expr::value(now))
        .filter(Column::MemberId.eq(member))
        .filter(Column::NotBefore.lte(now))
        .filter(Column::ReadAt.is_null())
        .filter(marked)
        .exec_with_returning(tx)
        .await?;
    Ok(marked)
}

/// Removes up to `limit` notifications that were created and due before `before`, and returns them. Ids sort by
/// creation time, so only the oldest rows are read.
pub(super) async fn remove_old(
    tx: &Tx,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Model>, Fault> {
    let made_before = first_id_at(before);
    let old = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::Id.lt(NotificationId(made_before)))
        .and_where(Column::NotBefore.lt(before))
        .limit(limit)
        .take();
    let removed = Entity::delete_many()
        .filter(Column::Id.in_subquery(old))
        .exec_with_returning(tx)
        .await?;
    Ok(removed)
}
