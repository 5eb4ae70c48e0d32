//! The devices' table.

use chrono::{DateTime, Utc};
use entity::device::{ActiveModel, Column, DeadReason, Entity, Model};
use entity::{DeviceId, MemberId, SessionId, member, session};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoCondition as _, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, DbBackend, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select, Statement,
};

use super::model::{Reachable, Registration};
use crate::db::{Tx, delete_slice};
use crate::error::Fault;
use crate::viewer::SignedIn;

/// Keeps the session from ending, and the member from registering elsewhere, until the transaction ends.
/// False when the session has ended.
pub(super) async fn hold(tx: &Tx, who: SignedIn) -> Result<bool, Fault> {
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
    let member = member::Entity::find_by_id(who.member)
        .select_only()
        .column(member::Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple::<MemberId>()
        .one(tx)
        .await?;
    Ok(member.is_some())
}

/// The hashes are put in order before any of them is waited for, so that two who want the same addresses cannot wait
/// for each other.
const IN_TURN: &str = "SELECT pg_advisory_xact_lock(turn) FROM (\
    SELECT DISTINCT hashtextextended(key, 0) AS turn FROM (\
    SELECT $2 AS key UNION ALL SELECT address_key FROM device WHERE member_id = $1\
    ) AS keys ORDER BY turn) AS turns";

/// Keeps an address, and those a member has, from changing hands until the transaction ends. Rows alone cannot: each
/// of two men who swap phones would hold his own and wait for the other's. On SQLite the transaction keeps everybody
/// waiting anyway.
pub(super) async fn hold_addresses(tx: &Tx, member: MemberId, key: &str) -> Result<(), Fault> {
    let backend = tx.get_database_backend();
    if backend == DbBackend::Postgres {
        let values = [member.into(), key.into()];
        tx.execute_raw(Statement::from_sql_and_values(backend, IN_TURN, values))
            .await?;
    }
    Ok(())
}

/// Every device of a member, dead or alive.
pub(super) async fn all(db: &impl ConnectionTrait, member: MemberId) -> Result<Vec<Model>, Fault> {
    let found = Entity::find().filter(Column::MemberId.eq(member));
    Ok(found.all(db).await?)
}

/// The devices of a member that have not been given up, last seen first.
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

/// Since when a device must have been seen, and its session have ended if it has, to be sent to.
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

/// The devices of these members that can be sent to.
pub(super) async fn reachable_of(
    db: &impl ConnectionTrait,
    members: &[MemberId],
    since: Since,
) -> Result<Vec<Model>, Fault> {
    let found = reachable(since).filter(Column::MemberId.is_in(members.iter().copied()));
    Ok(found.all(db).await?)
}

/// Those of these devices that can be sent to.
pub(super) async fn reachable_among(
    db: &impl ConnectionTrait,
    devices: &[DeviceId],
    since: Since,
) -> Result<Vec<Model>, Fault> {
    let found = reachable(since).filter(Column::Id.is_in(devices.iter().copied()));
    Ok(found.all(db).await?)
}

/// Takes an address from whoever else holds it; returns what was his.
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

/// Adds a device, whose address is held and nobody else's.
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

/// Brings a device up to date; none when it is not the member's.
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

/// Keeps the devices of sessions that end for a last word.
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

/// Removes the devices that were kept for a last word before an instant.
pub(super) async fn remove_parted(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<u64, Fault> {
    let parted = Column::PartedAt.lte(before).into_condition();
    Ok(delete_slice::<Entity>(db, parted).await?)
}

/// Devices that were sent to, as far as they still have the address they had then.
fn still(sent_to: &[&Reachable]) -> Condition {
    Condition::all()
        .add(Column::Id.is_in(sent_to.iter().map(|device| device.id)))
        .add(Column::AddressKey.is_in(sent_to.iter().map(|device| device.address.key())))
        .add(Column::DeadAt.is_null())
}

/// Gives addresses up; returns how many were.
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

/// Writes down since when addresses are on trial, or that they are not.
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

/// Removes what has not been seen since; returns how many.
pub(super) async fn remove_unseen(
    db: &impl ConnectionTrait,
    since: DateTime<Utc>,
) -> Result<u64, Fault> {
    let unseen = Column::LastSeenAt.lt(since).into_condition();
    Ok(delete_slice::<Entity>(db, unseen).await?)
}
