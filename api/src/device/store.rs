//! Queries on devices.

use chrono::{DateTime, Utc};
use entity::device::{ActiveModel, Column, DeadReason, Entity, Model};
use entity::{DeviceId, MemberId, SessionId, member, session};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoCondition as _, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, DbBackend, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select, Statement,
};

use super::model::{Reachable, Registration};
use crate::db::delete_slice;
use crate::error::Fault;
use crate::tx::{Rank, Tx};
use crate::viewer::SignedIn;

/// Locks the session and the member `FOR NO KEY UPDATE`: until the transaction ends, the session cannot end and the
/// member cannot register elsewhere. Returns `false` if the session has ended.
pub(super) async fn lock_session(tx: &Tx, who: SignedIn) -> Result<bool, Fault> {
    tx.lock(Rank::Account);
    let session = session::Entity::find_by_id(who.session)
        .select_only()
        .column(session::Column::Id)
        .filter(session::Column::MemberId.eq(who.member))
        .filter(session::Column::RevokedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<SessionId>()
        .one(tx)
        .await?;
    if session.is_none() {
        return Ok(false);
    }
    tx.lock(Rank::Member);
    let member = member::Entity::find_by_id(who.member)
        .select_only()
        .column(member::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<MemberId>()
        .one(tx)
        .await?;
    Ok(member.is_some())
}

/// Locks the hashes of all keys in ascending order, so that two transactions that want the same addresses do not
/// deadlock.
const IN_TURN: &str = "SELECT pg_advisory_xact_lock(turn) FROM (\
    SELECT DISTINCT hashtextextended(key, 0) AS turn FROM (\
    SELECT $2 AS key UNION ALL SELECT address_key FROM device WHERE member_id = $1\
    ) AS keys ORDER BY turn) AS turns";

/// Locks an address, and the addresses that a member has, against changing hands until the transaction ends. Row locks
/// are not enough: if two members swap phones, each would lock his own row and wait for the other's. On SQLite other
/// transactions wait anyway.
pub(super) async fn lock_addresses(tx: &Tx, member: MemberId, key: &str) -> Result<(), Fault> {
    let backend = tx.get_database_backend();
    if backend == DbBackend::Postgres {
        let values = [member.into(), key.into()];
        tx.execute_raw(Statement::from_sql_and_values(backend, IN_TURN, values))
            .await?;
    }
    Ok(())
}

/// Returns every device of a member, dead or alive.
pub(super) async fn all(db: &impl ConnectionTrait, member: MemberId) -> Result<Vec<Model>, Fault> {
    let found = Entity::find().filter(Column::MemberId.eq(member));
    Ok(found.all(db).await?)
}

/// Returns the devices of a member that are alive and not parted, last seen first.
pub(super) async fn alive(
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Vec<Model>, Fault> {
    let found = Entity::find()
        .filter(Column::MemberId.eq(member))
        .filter(Column::DeadAt.is_null())
        .filter(Column::PartedAt.is_null())
        .order_by_desc(Column::LastSeenAt)
        .order_by_asc(Column::Id);
    Ok(found.all(db).await?)
}

/// The instants since when a device must have been seen, and since when it may have been parted, to be sent to.
#[derive(Clone, Copy)]
pub(super) struct Since {
    pub seen: DateTime<Utc>,
    pub parted: DateTime<Utc>,
}

fn reachable(since: Since) -> Select<Entity> {
    let parted = Column::PartedAt
        .is_null()
        .or(Column::PartedAt.gt(since.parted));
    Entity::find()
        .filter(Column::DeadAt.is_null())
        .filter(Column::LastSeenAt.gte(since.seen))
        .filter(parted)
}

/// Returns the devices of these members that can be sent to.
pub(super) async fn reachable_of(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    since: Since,
) -> Result<Vec<Model>, Fault> {
    let found = reachable(since).filter(Column::MemberId.is_in(members.iter().copied()));
    Ok(found.all(db).await?)
}

/// Returns the given devices that can be sent to.
pub(super) async fn reachable_among(
    db: &impl ConnectionTrait,
    devices: &[DeviceId],
    since: Since,
) -> Result<Vec<Model>, Fault> {
    let found = reachable(since).filter(Column::Id.is_in(devices.iter().copied()));
    Ok(found.all(db).await?)
}

/// Removes the device of another member who holds the address. Returns the removed row.
pub(super) async fn take_from_others(
    tx: &Tx,
    key: &str,
    member: MemberId,
) -> Result<Option<Model>, Fault> {
    let taken = Entity::delete_many()
        .filter(Column::AddressKey.eq(key))
        .filter(Column::MemberId.ne(member))
        .exec_with_returning(tx)
        .await?;
    Ok(taken.into_iter().next())
}

/// Adds a device. Its address must be locked, and must not belong to anybody else.
pub(super) async fn add(
    tx: &Tx,
    id: DeviceId,
    who: SignedIn,
    new: &Registration,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let row = ActiveModel {
        id: Set(id),
        member_id: Set(who.member),
        session_id: Set(Some(who.session)),
        address_kind: Set(new.address.kind()),
        address: Set(new.address.value().to_owned()),
        address_key: Set(new.address.key()),
        installation_id: Set(new.installation_id.clone()),
        platform: Set(new.platform),
        app_version: Set(new.app_version.clone()),
        locale: Set(new.locale.tag().to_owned()),
        registered_at: Set(now),
        last_seen_at: Set(now),
        doubted_at: Set(None),
        dead_at: Set(None),
        dead_reason: Set(None),
        parted_at: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Updates a device. Returns `None` if it is not the member's.
pub(super) async fn refresh(
    tx: &Tx,
    id: DeviceId,
    who: SignedIn,
    new: &Registration,
    now: DateTime<Utc>,
) -> Result<Option<Model>, Fault> {
    let refreshed = Entity::update_many()
        .col_expr(Column::SessionId, Expr::value(who.session))
        .col_expr(Column::AddressKind, Expr::value(new.address.kind()))
        .col_expr(Column::Address, Expr::value(new.address.value()))
        .col_expr(Column::AddressKey, Expr::value(new.address.key()))
        .col_expr(
            Column::InstallationId,
            Expr::value(new.installation_id.clone()),
        )
        .col_expr(Column::Platform, Expr::value(new.platform))
        .col_expr(Column::AppVersion, Expr::value(new.app_version.as_str()))
        .col_expr(Column::Locale, Expr::value(new.locale.tag()))
        .col_expr(Column::LastSeenAt, Expr::value(now))
        .col_expr(Column::DoubtedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::DeadAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::DeadReason, Expr::value(None::<DeadReason>))
        .col_expr(Column::PartedAt, Expr::value(None::<DateTime<Utc>>))
        .filter(Column::Id.eq(id))
        .filter(Column::MemberId.eq(who.member))
        .exec_with_returning(tx)
        .await?;
    Ok(refreshed.into_iter().next())
}

/// Removes devices of a member.
pub(super) async fn remove(
    db: &impl ConnectionTrait,
    member: MemberId,
    devices: &[DeviceId],
) -> Result<(), Fault> {
    if devices.is_empty() {
        return Ok(());
    }
    Entity::delete_many()
        .filter(Column::MemberId.eq(member))
        .filter(Column::Id.is_in(devices.iter().copied()))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes the devices of sessions.
pub(super) async fn remove_of_sessions(tx: &Tx, sessions: &[SessionId]) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::SessionId.is_in(sessions.iter().copied()))
        .exec(tx)
        .await?;
    Ok(())
}

/// Marks the devices of sessions that end as parted, so that they can still receive a last notification.
pub(super) async fn part_with_sessions(
    tx: &Tx,
    sessions: &[SessionId],
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::PartedAt, Expr::value(now))
        .filter(Column::SessionId.is_in(sessions.iter().copied()))
        .filter(Column::PartedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes a slice of the devices that were parted at or before an instant.
pub(super) async fn remove_parted(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<u64, Fault> {
    let parted = Column::PartedAt.lte(before).into_condition();
    Ok(delete_slice::<Entity>(db, parted).await?)
}

/// Returns the condition for the devices that still have the address that was sent to, and are not dead.
fn still(sent_to: &[&Reachable]) -> Condition {
    Condition::all()
        .add(Column::Id.is_in(sent_to.iter().map(|device| device.id)))
        .add(Column::AddressKey.is_in(sent_to.iter().map(|device| device.address.key())))
        .add(Column::DeadAt.is_null())
}

/// Marks addresses as dead. Returns how many were marked.
pub(super) async fn mark_dead(
    db: &impl ConnectionTrait,
    sent_to: &[&Reachable],
    reason: DeadReason,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    let marked = Entity::update_many()
        .col_expr(Column::DeadAt, Expr::value(now))
        .col_expr(Column::DeadReason, Expr::value(reason))
        .filter(still(sent_to))
        .exec(db)
        .await?;
    Ok(marked.rows_affected)
}

/// Sets since when addresses are on trial, or ends their trials.
pub(super) async fn doubt(
    db: &impl ConnectionTrait,
    sent_to: &[&Reachable],
    doubted_at: Option<DateTime<Utc>>,
) -> Result<(), Fault> {
    if sent_to.is_empty() {
        return Ok(());
    }
    Entity::update_many()
        .col_expr(Column::DoubtedAt, Expr::value(doubted_at))
        .filter(still(sent_to))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes a slice of the devices not seen since an instant. Returns how many.
pub(super) async fn remove_unseen(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
) -> Result<u64, Fault> {
    let unseen = Column::LastSeenAt.lt(since).into_condition();
    Ok(delete_slice::<Entity>(db, unseen).await?)
}
