//! The notifications' table.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::notification::{ActiveModel, Column, Entity, Kind, Model, SkipReason, State};
use entity::{MemberId, NotificationId};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LockType, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use uuid::Uuid;

use super::service::Announcement;
use crate::app::App;
use crate::db::{Sorted, Tx};
use crate::entropy::first_id_at;
use crate::error::Fault;
use crate::page::{Cursor, Page};

/// Rows written by one statement: each takes twelve of the 32,766 variables SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// Things asked about in one statement: two variables each.
const SUBJECTS_AT_ONCE: usize = 500;

/// By when they were due.
const SORTED: Sorted<Column, Column> = Sorted::by_instant(Column::NotBefore, Column::Id);

/// Tells lists apart, see [`Cursor`].
pub const INBOX: u8 = 9;

/// Writes notifications; returns those that were not told before under the same key, or were withdrawn
/// since and are on again at their new times.
pub(super) async fn add(app: &App, tx: &Tx, what: &[Announcement]) -> Result<Vec<Model>, Fault> {
    let now = app.clock.now();
    let renewed = OnConflict::columns([Column::MemberId, Column::DedupKey])
        .update_columns([Column::NotBefore, Column::ExpiresAt, Column::State])
        .action_and_where(Expr::col((Entity, Column::State)).eq(State::Cancelled))
        .action_and_where(Expr::col((Entity, Column::SkipReason)).is_null())
        .to_owned();
    let mut told = Vec::new();
    for chunk in what.chunks(ROWS_AT_ONCE) {
        let rows = chunk.iter().map(|what| ActiveModel {
            id: Set(app.ids.next()),
            member_id: Set(what.member),
            kind: Set(what.kind),
            dedup_key: Set(what.dedup_key.clone()),
            subject_id: Set(what.subject),
            not_before: Set(what.not_before),
            expires_at: Set(what.expires_at),
            held_until: Set(None),
            state: Set(State::Pending),
            skip_reason: Set(None),
            created_at: Set(now),
            read_at: Set(None),
            caused_by: Set(what.caused_by),
        });
        let added = Entity::insert_many(rows)
            .on_conflict(renewed.clone())
            .exec_with_returning(tx)
            .await?;
        told.extend(added);
    }
    Ok(told)
}

/// Cancels notifications of these members that have not been told yet, and marks those that have as read. Returns all
/// that changed.
pub(super) async fn settle(
    tx: &Tx,
    members: &[MemberId],
    dedup_key: &str,
) -> Result<Vec<Model>, Fault> {
    let waits = || Column::State.eq(State::Pending);
    let held = || waits().and(Column::HeldUntil.is_not_null());
    let told_and_unread = || {
        let told = Column::State.is_in([State::Planned, State::Skipped]);
        is_unread().and(told.or(held()))
    };
    // The push of a line that is in the inbox is stopped, and the line stays: he may have read it.
    let state = Expr::case(held(), Expr::value(State::Skipped))
        .case(waits(), Expr::value(State::Cancelled))
        .finally(Expr::col(Column::State));
    let read_at = Expr::case(told_and_unread(), Expr::value(tx.began_at()))
        .finally(Expr::col(Column::ReadAt));
    let mut settled = Vec::new();
    for chunk in members.chunks(ROWS_AT_ONCE) {
        let changed = Entity::update_many()
            .col_expr(Column::State, state.clone().into())
            .col_expr(Column::ReadAt, read_at.clone().into())
            .filter(Column::MemberId.is_in(chunk.iter().copied()))
            .filter(Column::DedupKey.eq(dedup_key))
            .filter(waits().or(told_and_unread()))
            .exec_with_returning(tx)
            .await?;
        settled.extend(changed);
    }
    Ok(settled)
}

/// Marks what members were told of these things as read, and returns it.
pub(super) async fn read_about(
    tx: &Tx,
    subjects: &[(MemberId, Uuid)],
) -> Result<Vec<Model>, Fault> {
    let mut read = Vec::new();
    for chunk in subjects.chunks(SUBJECTS_AT_ONCE) {
        let of = |(member, subject): &(MemberId, Uuid)| {
            Condition::all()
                .add(Column::MemberId.eq(*member))
                .add(Column::SubjectId.eq(*subject))
        };
        let any = chunk.iter().map(of).fold(Condition::any(), Condition::add);
        read.extend(mark(tx, any).await?);
    }
    Ok(read)
}

/// Marks what a member was told of a kind as read, and returns it.
pub(super) async fn read_kind(tx: &Tx, member: MemberId, kind: Kind) -> Result<Vec<Model>, Fault> {
    let of_kind = Condition::all()
        .add(Column::MemberId.eq(member))
        .add(Column::Kind.eq(kind));
    mark(tx, of_kind).await
}

/// Marks what a member was told of a kind about one thing as read, and returns it.
pub(super) async fn read_kind_about(
    tx: &Tx,
    member: MemberId,
    kind: Kind,
    subject: Uuid,
) -> Result<Vec<Model>, Fault> {
    let of_kind = Condition::all()
        .add(Column::MemberId.eq(member))
        .add(Column::Kind.eq(kind))
        .add(Column::SubjectId.eq(subject));
    mark(tx, of_kind).await
}

async fn mark(tx: &Tx, which: Condition) -> Result<Vec<Model>, Fault> {
    let marked = Entity::update_many()
        .col_expr(Column::ReadAt, Expr::value(tx.began_at()))
        .filter(is_unread())
        .filter(told())
        .filter(which)
        .exec_with_returning(tx)
        .await?;
    Ok(marked)
}

fn is_unread() -> Expr {
    Column::ReadAt.is_null()
}

/// Takes a notification from these members' inboxes, whether it has been told or not. Returns those that had been:
/// they are not told again under this key, so that nobody's phone rings as often as somebody changes his mind.
pub(super) async fn take_out(
    tx: &Tx,
    members: &[MemberId],
    dedup_key: &str,
) -> Result<Vec<Model>, Fault> {
    settle(tx, members, dedup_key).await?;
    let mut told = Vec::new();
    for chunk in members.chunks(ROWS_AT_ONCE) {
        let taken = Entity::update_many()
            .col_expr(Column::State, Expr::value(State::Cancelled))
            .col_expr(Column::SkipReason, Expr::value(SkipReason::AlreadyDone))
            .filter(Column::MemberId.is_in(chunk.iter().copied()))
            .filter(Column::DedupKey.eq(dedup_key))
            .filter(Column::State.is_in([State::Planned, State::Skipped]))
            .exec_with_returning(tx)
            .await?;
        told.extend(taken);
    }
    Ok(told)
}

/// That phones have been told of it, see [`super::model::is_told`].
fn told() -> Condition {
    let held = Column::State
        .eq(State::Pending)
        .and(Column::HeldUntil.is_not_null());
    Condition::any()
        .add(Column::State.is_in([State::Planned, State::Skipped]))
        .add(held)
}

/// Whether a member was told of something.
pub(super) async fn is_told(tx: &Tx, member: MemberId, dedup_key: &str) -> Result<bool, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::DedupKey.eq(dedup_key))
        .filter(told());
    Ok(found.count(tx).await? > 0)
}

/// Which of these members wait for a notification of this kind about one of these subjects whose time is to come: every
/// pair of the two that does. It is kept from who plans it until the transaction ends.
pub(super) async fn to_come(
    tx: &Tx,
    of: &[(MemberId, Uuid)],
    kind: Kind,
    now: DateTime<Utc>,
) -> Result<Vec<(MemberId, Uuid)>, Fault> {
    let subjects: HashSet<Uuid> = of.iter().map(|(_, subject)| *subject).collect();
    let mut found = Vec::new();
    for chunk in of.chunks(ROWS_AT_ONCE) {
        let waiting = Entity::find()
            .filter(Column::MemberId.is_in(chunk.iter().map(|(member, _)| *member)))
            .filter(Column::Kind.eq(kind))
            .filter(Column::SubjectId.is_in(subjects.iter().copied()))
            .filter(Column::State.eq(State::Pending))
            .filter(Column::NotBefore.gt(now))
            .order_by_asc(Column::Id)
            .lock(LockType::NoKeyUpdate)
            .all(tx)
            .await?;
        found.extend(
            waiting
                .into_iter()
                .filter_map(|row| Some((row.member_id, row.subject_id?))),
        );
    }
    Ok(found)
}

/// Has a notification be about something else.
pub(super) async fn put_subject(
    tx: &Tx,
    member: MemberId,
    dedup_key: &str,
    subject: Uuid,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::SubjectId, Expr::value(subject))
        .filter(Column::MemberId.eq(member))
        .filter(Column::DedupKey.eq(dedup_key))
        .exec(tx)
        .await?;
    Ok(())
}

/// A notification that waits for its time, kept from others until the transaction ends.
pub(super) async fn pending(tx: &Tx, id: NotificationId) -> Result<Option<Model>, Fault> {
    let found = Entity::find_by_id(id)
        .filter(Column::State.eq(State::Pending))
        .lock(LockType::NoKeyUpdate);
    Ok(found.one(tx).await?)
}

/// These notifications, for the pipeline.
pub(super) async fn by_ids(
    db: &impl ConnectionTrait,
    ids: &[NotificationId],
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find().filter(Column::Id.is_in(ids.iter().copied()));
    Ok(found.all(db).await?)
}

/// What these members caused for those since an instant.
pub(super) async fn caused(
    db: &impl ConnectionTrait,
    told: &[MemberId],
    by: &[MemberId],
    since: DateTime<Utc>,
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::CausedBy.is_in(by.iter().copied()))
        .filter(Column::MemberId.is_in(told.iter().copied()))
        .filter(Column::CreatedAt.gt(since));
    Ok(found.all(db).await?)
}

/// Up to `limit` notifications behind one whose push waits, by their ids, locked `FOR NO KEY UPDATE`.
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

/// A member's notifications whose push has waited long enough, kept from others until the transaction ends.
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

/// Has the pushes of notifications that are pending wait, while they are in the inbox.
pub(super) async fn hold(
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

/// Records what was decided about notifications that were pending.
pub(super) async fn decide(
    tx: &Tx,
    ids: &[NotificationId],
    state: State,
    reason: Option<SkipReason>,
) -> Result<(), Fault> {
    // What was done before it was told asks for nothing.
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

/// What a member sees in his inbox.
fn visible(member: MemberId, now: DateTime<Utc>) -> Select<Entity> {
    Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::NotBefore.lte(now))
        .filter(Column::State.ne(State::Cancelled))
}

/// A page of a member's inbox, newest first; from the back for a backward page.
pub(super) async fn page(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
    page: &Page<INBOX>,
) -> Result<Vec<Model>, Fault> {
    let found = SORTED.page(visible(member, now), page);
    Ok(found.all(db).await?)
}

/// Lines of a member's inbox by their ids, in no order. One that has been decided on was due, whatever this
/// process's clock says.
pub(super) async fn those(
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

/// How many lines a member's inbox has.
pub(super) async fn count(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    Ok(visible(member, now).count(db).await?)
}

/// How many lines of a member's inbox he has not read.
pub(super) async fn unread(
    db: &impl ConnectionTrait,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    let found = visible(member, now).filter(Column::ReadAt.is_null());
    Ok(found.count(db).await?)
}

/// Which lines are to be marked as read.
#[derive(Clone, Debug)]
pub(super) enum Which {
    /// These, where they are in the inbox.
    These(Vec<NotificationId>),
    /// This one and everything older.
    UpTo(Cursor<INBOX>),
}

/// Marks lines of a member's inbox, and returns them; what was read before keeps its time, and is not among them.
pub(super) async fn mark_read(
    tx: &Tx,
    member: MemberId,
    now: DateTime<Utc>,
    which: &Which,
) -> Result<Vec<Model>, Fault> {
    let marked = match which {
        Which::These(ids) => Condition::all().add(Column::Id.is_in(ids.iter().copied())),
        Which::UpTo(cursor) => {
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

/// Removes up to `limit` notifications that were made, and due, before `before`; returns them. Ids sort by the
/// time they were made, so that only the oldest are looked at.
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
