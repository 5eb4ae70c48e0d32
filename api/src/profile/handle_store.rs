//! Claims on handles: who has which handle, and which are reserved after their owner gave them up.

use chrono::{DateTime, Utc};
use entity::MemberId;
use entity::handle_claim::{ActiveModel, Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use crate::db::delete_slice;
use crate::error::Fault;
use crate::tx::Tx;

/// The most keys that stay reserved for one member: the newest. A handle has at most two keys.
const KEPT_BACK: u64 = 10;

/// Claims the keys of a handle for a member. Returns `false` if one of them belongs to somebody else or is reserved
/// for him; the transaction must then be undone.
pub(super) async fn claim(
    tx: &Tx,
    member: MemberId,
    keys: &[String],
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let column = |column| Expr::col((Entity, column));
    for key in keys {
        // A claimed key can be claimed by its member, or by anybody once its reservation has ended.
        let free = column(Column::MemberId)
            .eq(member)
            .or(column(Column::HeldUntil).lte(now));
        let taken = OnConflict::column(Column::Key)
            .update_columns([Column::MemberId, Column::HeldUntil])
            .action_and_where(free)
            .to_owned();
        let rows = Entity::insert(row(key, Some(member), None))
            .on_conflict(taken)
            .exec_without_returning(tx)
            .await?;
        if rows != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reserves the keys of a handle that a member gives up: nobody else can claim them until `until`.
pub(super) async fn keep_back(
    tx: &Tx,
    member: MemberId,
    keys: &[String],
    until: DateTime<Utc>,
) -> Result<(), Fault> {
    claim_until(tx, member, Some(member), keys, until).await?;
    let newest: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Key)
        .filter(Column::MemberId.eq(member))
        .filter(Column::HeldUntil.is_not_null())
        .order_by_desc(Column::HeldUntil)
        .limit(KEPT_BACK)
        .into_tuple()
        .all(tx)
        .await?;
    Entity::delete_many()
        .filter(Column::MemberId.eq(member))
        .filter(Column::HeldUntil.is_not_null())
        .filter(Column::Key.is_not_in(newest))
        .exec(tx)
        .await?;
    Ok(())
}

/// As [`keep_back`], for a member who is being deleted: the reservation does not name him.
pub(super) async fn keep_back_of_gone(
    tx: &Tx,
    member: MemberId,
    keys: &[String],
    until: DateTime<Utc>,
) -> Result<(), Fault> {
    claim_until(tx, member, None, keys, until).await
}

async fn claim_until(
    tx: &Tx,
    member: MemberId,
    kept_for: Option<MemberId>,
    keys: &[String],
    until: DateTime<Utc>,
) -> Result<(), Fault> {
    for key in keys {
        let his = Expr::col((Entity, Column::MemberId)).eq(member);
        let held = OnConflict::column(Column::Key)
            .update_columns([Column::MemberId, Column::HeldUntil])
            .action_and_where(his)
            .to_owned();
        Entity::insert(row(key, kept_for, Some(until)))
            .on_conflict(held)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

fn row(key: &str, member: Option<MemberId>, held_until: Option<DateTime<Utc>>) -> ActiveModel {
    ActiveModel {
        key: Set(key.to_owned()),
        member_id: Set(member),
        held_until: Set(held_until),
    }
}

/// Removes a slice of the reservations that have ended.
pub(super) async fn remove_free(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<u64, Fault> {
    let free = Condition::all().add(Column::HeldUntil.lte(now));
    Ok(delete_slice::<Entity>(db, free).await?)
}
