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
use crate::db::{Tx, delete_slice};
use crate::error::Fault;

/// More letters than that go to one mailbox in no code's time.
const IN_TIME: u64 = 50;

/// Puts a code in place of those its owner had for the same purpose and the same request.
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

/// Removes all of everybody.
pub async fn remove_all(tx: &Tx) -> Result<(), Fault> {
    Entity::delete_many().exec(tx).await?;
    Ok(())
}

/// The code with this id.
pub async fn find(db: &impl ConnectionTrait, id: AccountCodeId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// The newest code of a member for a purpose: the only one that counts.
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

/// The newest code of a member for a purpose that answers one request; `None` asks for those of no request of
/// their own.
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

/// The codes of a member for a purpose whose time is not over, newest first.
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

/// Counts a guess at a code, and keeps other guesses waiting until `tx` ends; none when it is too old
/// or has been guessed at too often. A used code counts its guesses too.
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

/// Marks a code as used; false when it was.
pub async fn used(tx: &Tx, id: AccountCodeId, now: DateTime<Utc>) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        // Only wrong guesses count.
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Ends every code of a member that has not been used.
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

/// Removes those that are not good any more; used ones are kept until then for who asks again.
pub async fn remove_expired(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, Fault> {
    let expired = Column::ExpiresAt.lte(now).into_condition();
    Ok(delete_slice::<Entity>(db, expired).await?)
}
