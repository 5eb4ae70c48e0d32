//! Queries on sessions.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use entity::session::{ActiveModel, Column, Entity, Model, RevokedReason};
use entity::{MemberId, SessionId};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoCondition as _, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use crate::db::{SLICE, delete_slice};
use crate::error::Fault;
use crate::tx::Tx;

/// The most sessions that a member's list shows.
const LISTED: u64 = 100;

/// How many generations one statement confirms.
const CONFIRMED_AT_ONCE: usize = 200;

/// Adds a session. Returns `false` if its id was used before.
pub async fn insert(tx: &Tx, session: ActiveModel) -> Result<bool, Fault> {
    let rows = Entity::insert(session)
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(rows == 1)
}

/// Returns a member's session, ended or not.
pub async fn find(
    db: &impl ConnectionTrait,
    owner: MemberId,
    id: SessionId,
) -> Result<Option<Model>, Fault> {
    let session = Entity::find_by_id(id)
        .filter(Column::MemberId.eq(owner))
        .one(db)
        .await?;
    Ok(session)
}

/// Returns a session by its id alone. Only for a caller whose right to it is proved, as by a refresh token's seal.
pub async fn find_sealed(db: &impl ConnectionTrait, id: SessionId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// Returns a member's sessions that are open and were opened after `opened_after`, last used first. The current
/// session is among them, however many there are.
pub async fn open(
    db: &impl ConnectionTrait,
    owner: MemberId,
    current: SessionId,
    opened_after: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, Fault> {
    let mut sessions = Entity::find()
        .filter(Column::MemberId.eq(owner))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .filter(Column::CreatedAt.gt(opened_after))
        // The current session first, so that the limit cannot cut it off.
        .order_by_desc(Expr::col(Column::Id).eq(current))
        .order_by_desc(Column::LastUsedAt)
        .order_by_desc(Column::Id)
        .limit(LISTED)
        .all(db)
        .await?;
    sessions.sort_by_key(|session| Reverse((session.last_used_at, session.id.0)));
    Ok(sessions)
}

/// One link of a session's chain.
pub struct Link {
    /// How many links came before it.
    pub generation: i32,
    /// SHA-256 of its secret.
    pub hash: Vec<u8>,
}

/// Replaces `current` by the next link, which confirms `current`. Returns `None` if `current` is no longer the newest,
/// or the session has ended.
pub async fn rotate(
    db: &impl ConnectionTrait,
    id: SessionId,
    current: Link,
    next: Link,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Option<Model>, Fault> {
    let rotated = Entity::update_many()
        .col_expr(Column::Generation, Expr::value(next.generation))
        .col_expr(Column::SecretHash, Expr::value(next.hash))
        .col_expr(Column::ConfirmedGeneration, Expr::value(current.generation))
        .col_expr(Column::RotatedAt, Expr::value(now))
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .col_expr(Column::ExpiresAt, Expr::value(expires_at))
        .filter(Column::Id.eq(id))
        .filter(Column::Generation.eq(current.generation))
        .filter(Column::SecretHash.eq(current.hash))
        .filter(Column::RevokedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec_with_returning(db)
        .await?;
    Ok(rotated.into_iter().next())
}

/// Confirms generations of sessions, each once and only while it is the newest: an older one was confirmed when the
/// newest replaced it.
pub async fn confirm(db: &impl ConnectionTrait, used: &[(SessionId, i32)]) -> Result<(), Fault> {
    for chunk in used.chunks(CONFIRMED_AT_ONCE) {
        let confirmed = chunk
            .iter()
            .fold(Condition::any(), |any, (id, generation)| {
                let this = Column::Id.eq(*id).and(Column::Generation.eq(*generation));
                any.add(this)
            });
        Entity::update_many()
            .col_expr(Column::ConfirmedGeneration, Expr::col(Column::Generation))
            .filter(confirmed)
            .filter(Expr::col(Column::ConfirmedGeneration).lt(Expr::col(Column::Generation)))
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Selects some of a member's sessions.
#[derive(Clone, Copy, Debug)]
pub enum SessionFilter {
    /// All of them.
    All,
    /// This one.
    Only(SessionId),
    /// All the others.
    Except(SessionId),
}

/// Ends those of a member's sessions that are open. Returns their ids.
pub async fn revoke(
    tx: &Tx,
    owner: MemberId,
    filter: SessionFilter,
    reason: RevokedReason,
    now: DateTime<Utc>,
) -> Result<Vec<SessionId>, Fault> {
    let filter = match filter {
        SessionFilter::All => Condition::all(),
        SessionFilter::Only(id) => Condition::all().add(Column::Id.eq(id)),
        SessionFilter::Except(id) => Condition::all().add(Column::Id.ne(id)),
    };
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .col_expr(Column::RevokedReason, Expr::value(reason))
        .filter(Column::MemberId.eq(owner))
        .filter(filter)
        .filter(Column::RevokedAt.is_null())
        .exec_with_returning(tx)
        .await?;
    Ok(revoked.into_iter().map(|session| session.id).collect())
}

/// Ends up to `limit` open sessions of any members. Returns their ids.
pub async fn revoke_some(tx: &Tx, limit: u64, now: DateTime<Utc>) -> Result<Vec<SessionId>, Fault> {
    let some = Query::select()
        .column(Column::Id)
        .from(Entity)
        .and_where(Column::RevokedAt.is_null())
        .limit(limit)
        .take();
    // Not a reason of its own: a process of an earlier version would not know it.
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .col_expr(
            Column::RevokedReason,
            Expr::value(RevokedReason::SignedOutElsewhere),
        )
        .filter(Column::Id.in_subquery(some))
        .exec_with_returning(tx)
        .await?;
    Ok(revoked.into_iter().map(|session| session.id).collect())
}

/// Returns the sessions that were ended at or after an instant, and when.
pub async fn revoked_since(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
) -> Result<Vec<(SessionId, DateTime<Utc>)>, Fault> {
    let revoked = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::RevokedAt)
        .filter(Column::RevokedAt.is_not_null())
        .filter(Column::RevokedAt.gte(since))
        .into_tuple()
        .all(db)
        .await?;
    Ok(revoked)
}

/// Removes a slice of the sessions that ended before an instant.
pub async fn remove_ended(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, Fault> {
    // One statement after the other: no index serves both conditions.
    let revoked = Column::RevokedAt.lt(before).into_condition();
    let removed = delete_slice::<Entity>(db, revoked).await?;
    if removed == SLICE {
        return Ok(removed);
    }
    let expired = Column::ExpiresAt.lt(before).into_condition();
    Ok(delete_slice::<Entity>(db, expired).await?)
}
