//! Codes mailed to accounts.

use chrono::{DateTime, Utc};
use entity::account_code::{Column, Entity, Model, Purpose};
use entity::{AccountCodeId, MemberId};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoCondition as _};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _,
    IntoActiveModel as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::super::code::GUESSES;
use crate::db::delete_slice;
use crate::error::Fault;
use crate::tx::Tx;

/// An upper bound: never more letters than this go to one mailbox within a code's life.
const IN_TIME: u64 = 50;

/// Adds a code in place of its owner's codes for the same purpose and the same request.
pub async fn replace(tx: &Tx, code: &Model) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::MemberId.eq(code.member_id))
        .filter(Column::Purpose.eq(code.purpose))
        .filter(of_request(code.request_id))
        .exec(tx)
        .await?;
    let row = code.clone().into_active_model().reset_all();
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Removes every code.
pub async fn remove_all(tx: &Tx) -> Result<(), Fault> {
    Entity::delete_many().exec(tx).await?;
    Ok(())
}

/// Returns the code with this id.
pub async fn find(db: &impl ConnectionTrait, id: AccountCodeId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// Returns the newest code of a member for a purpose: the only one that counts.
pub async fn newest(
    db: &impl ConnectionTrait,
    owner: MemberId,
    purpose: Purpose,
) -> Result<Option<Model>, Fault> {
    let newest = Entity::find()
        .filter(Column::MemberId.eq(owner))
        .filter(Column::Purpose.eq(purpose))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .one(db)
        .await?;
    Ok(newest)
}

/// Returns the newest code of a member for a purpose and a request; `None` selects the codes without a request id.
pub async fn newest_of(
    db: &impl ConnectionTrait,
    owner: MemberId,
    purpose: Purpose,
    request: Option<Uuid>,
) -> Result<Option<Model>, Fault> {
    let newest = Entity::find()
        .filter(Column::MemberId.eq(owner))
        .filter(Column::Purpose.eq(purpose))
        .filter(of_request(request))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .one(db)
        .await?;
    Ok(newest)
}

fn of_request(request: Option<Uuid>) -> Expr {
    match request {
        Some(request) => Column::RequestId.eq(request),
        None => Column::RequestId.is_null(),
    }
}

/// Returns the codes of a member for a purpose that have not expired, newest first.
pub async fn in_time(
    db: &impl ConnectionTrait,
    owner: MemberId,
    purpose: Purpose,
    now: DateTime<Utc>,
) -> Result<Vec<Model>, Fault> {
    let codes = Entity::find()
        .filter(Column::MemberId.eq(owner))
        .filter(Column::Purpose.eq(purpose))
        .filter(Column::ExpiresAt.gt(now))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(IN_TIME)
        .all(db)
        .await?;
    Ok(codes)
}

/// Counts a guess at a code, whose row stays locked until `tx` ends. Returns `None` if the code has expired or has no
/// guesses left. A used code counts guesses, too.
pub async fn guess(tx: &Tx, id: AccountCodeId, now: DateTime<Utc>) -> Result<Option<Model>, Fault> {
    let guessed = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::Attempts.lt(GUESSES))
        .filter(Column::ExpiresAt.gt(now))
        .exec_with_returning(tx)
        .await?;
    Ok(guessed.into_iter().next())
}

/// Marks a code as used. Returns `false` if it was used before.
pub async fn used(tx: &Tx, id: AccountCodeId, now: DateTime<Utc>) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        // Takes back the guess: only wrong guesses count.
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Ends every unused code of a member.
pub async fn end_open(tx: &Tx, owner: MemberId, now: DateTime<Utc>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(now))
        .filter(Column::MemberId.eq(owner))
        .filter(Column::UsedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes a slice of the expired codes. Used codes are kept until they expire, for repeated requests.
pub async fn remove_expired(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, Fault> {
    let expired = Column::ExpiresAt.lte(now).into_condition();
    Ok(delete_slice::<Entity>(db, expired).await?)
}
