//! SQL for the notification table, as other domains write to it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::MemberId;
use entity::notification::{ActiveModel, Column, Entity, Kind, Model, SkipReason, State};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::Announcement;
use crate::app::App;
use crate::error::Fault;
use crate::tx::Tx;

/// The most rows that one statement writes. Each takes twelve of the 32,766 variables that SQLite allows.
const ROWS_AT_ONCE: usize = 1000;

/// The most subjects in one statement. Each takes two variables.
const SUBJECTS_AT_ONCE: usize = 500;

/// Inserts notifications. Returns those that are new for their key, and those that were withdrawn and are now active
/// again, at their new times.
pub(super) async fn add(app: &App, tx: &Tx, what: &[Announcement]) -> Result<Vec<Model>, Fault> {
    let now = app.clock.now();
    // A cancelled row with a skip reason was taken out for good.
    let renewed = OnConflict::columns([Column::MemberId, Column::DedupKey])
        .update_columns([Column::NotBefore, Column::ExpiresAt, Column::State])
        .action_and_where(Expr::col((Entity, Column::State)).eq(State::Cancelled))
        .action_and_where(Expr::col((Entity, Column::SkipReason)).is_null())
        .to_owned();
    let mut all_added = Vec::new();
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
        all_added.extend(added);
    }
    Ok(all_added)
}

/// Cancels notifications of the given members that were not delivered, and marks those in the inbox as read. Returns
/// all that changed.
pub(super) async fn settle(
    tx: &Tx,
    members: &[MemberId],
    dedup_key: &str,
) -> Result<Vec<Model>, Fault> {
    let waits = || Column::State.eq(State::Pending);
    let held = || waits().and(Column::HeldUntil.is_not_null());
    let in_inbox_and_unread = || {
        let delivered = Column::State.is_in([State::Planned, State::Skipped]);
        is_unread().and(delivered.or(held()))
    };
    // A notification whose push still waits is already in the inbox and stays there, because the member may have read
    // it. Only its push is stopped.
    let state = Expr::case(held(), Expr::value(State::Skipped))
        .case(waits(), Expr::value(State::Cancelled))
        .finally(Expr::col(Column::State));
    let read_at = Expr::case(in_inbox_and_unread(), Expr::value(tx.began_at()))
        .finally(Expr::col(Column::ReadAt));
    let mut settled = Vec::new();
    for chunk in members.chunks(ROWS_AT_ONCE) {
        let changed = Entity::update_many()
            .col_expr(Column::State, state.clone().into())
            .col_expr(Column::ReadAt, read_at.clone().into())
            .filter(Column::MemberId.is_in(chunk.iter().copied()))
            .filter(Column::DedupKey.eq(dedup_key))
            .filter(waits().or(in_inbox_and_unread()))
            .exec_with_returning(tx)
            .await?;
        settled.extend(changed);
    }
    Ok(settled)
}

/// Marks notifications about the given subjects as read, and returns them.
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

/// Marks a member's notifications of a kind as read, and returns them.
pub(super) async fn read_kind(tx: &Tx, member: MemberId, kind: Kind) -> Result<Vec<Model>, Fault> {
    let of_kind = Condition::all()
        .add(Column::MemberId.eq(member))
        .add(Column::Kind.eq(kind));
    mark(tx, of_kind).await
}

/// Marks a member's notifications of a kind about one subject as read, and returns them.
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
        .filter(in_inbox())
        .filter(which)
        .exec_with_returning(tx)
        .await?;
    Ok(marked)
}

fn is_unread() -> Expr {
    Column::ReadAt.is_null()
}

/// Removes a notification from the given members' inboxes, delivered or not. Returns those that were in an inbox. They
/// are not announced again under this key, so that a member who keeps changing their mind does not make phones ring.
pub(super) async fn take_out(
    tx: &Tx,
    members: &[MemberId],
    dedup_key: &str,
) -> Result<Vec<Model>, Fault> {
    settle(tx, members, dedup_key).await?;
    let mut removed = Vec::new();
    for chunk in members.chunks(ROWS_AT_ONCE) {
        let taken = Entity::update_many()
            .col_expr(Column::State, Expr::value(State::Cancelled))
            .col_expr(Column::SkipReason, Expr::value(SkipReason::AlreadyDone))
            .filter(Column::MemberId.is_in(chunk.iter().copied()))
            .filter(Column::DedupKey.eq(dedup_key))
            .filter(Column::State.is_in([State::Planned, State::Skipped]))
            .exec_with_returning(tx)
            .await?;
        removed.extend(taken);
    }
    Ok(removed)
}

/// The condition that a notification is in the inbox; see [`super::is_in_inbox`].
fn in_inbox() -> Condition {
    let held = Column::State
        .eq(State::Pending)
        .and(Column::HeldUntil.is_not_null());
    Condition::any()
        .add(Column::State.is_in([State::Planned, State::Skipped]))
        .add(held)
}

/// Returns whether a notification is in a member's inbox.
pub(super) async fn is_in_inbox(tx: &Tx, member: MemberId, dedup_key: &str) -> Result<bool, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::DedupKey.eq(dedup_key))
        .filter(in_inbox());
    Ok(found.count(tx).await? > 0)
}

/// Returns the pairs of the given members and subjects for which a notification of this kind is pending and its time
/// has not come. Locks these rows `FOR NO KEY UPDATE`, so that they are not planned meanwhile.
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

/// Changes the subject of a notification.
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
