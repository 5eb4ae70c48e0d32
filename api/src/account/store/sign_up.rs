//! Sign-ups whose address has not been verified.

use chrono::{DateTime, Utc};
use entity::pending_sign_up::{ActiveModel, Column, Entity, Model};
use entity::{SessionId, SignUpId, used_sign_up_id};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoCondition as _, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
};

use super::super::code::GUESSES;
use super::super::email::forms;
use crate::db::delete_slice;
use crate::error::Fault;
use crate::tx::Tx;

/// Adds a sign-up. Returns `false` if its id was used before.
pub async fn insert(tx: &Tx, sign_up: ActiveModel) -> Result<bool, Fault> {
    let rows = Entity::insert(sign_up)
        .on_conflict(OnConflict::column(Column::Id).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(rows == 1)
}

/// Records for which address an id was used. Returns `false` if it was used for another address. The record outlives
/// the sign-up.
pub async fn remember_id(
    tx: &Tx,
    id: SignUpId,
    address_mac: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    use used_sign_up_id::{ActiveModel, Column, Entity};
    let known = Expr::col((Entity, Column::AddressMac));
    let again = OnConflict::column(Column::Id)
        .value(Column::UsedAt, now)
        .action_and_where(known.eq(Expr::col(("excluded", Column::AddressMac))))
        .to_owned();
    let row = ActiveModel {
        id: Set(id),
        address_mac: Set(address_mac.to_vec()),
        used_at: Set(now),
    };
    let rows = Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(tx)
        .await?;
    Ok(rows == 1)
}

/// Removes a slice of the ids that were used before an instant. Returns how many.
pub async fn forget_ids(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64, Fault> {
    let old = used_sign_up_id::Column::UsedAt.lt(before).into_condition();
    Ok(delete_slice::<used_sign_up_id::Entity>(db, old).await?)
}

/// Returns the sign-up with this id.
pub async fn find(db: &impl ConnectionTrait, id: SignUpId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// Postpones the expiry of a sign-up's code.
pub async fn put_off(
    db: &impl ConnectionTrait,
    id: SignUpId,
    expires_at: DateTime<Utc>,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(expires_at))
        .filter(Column::Id.eq(id))
        .filter(Column::VerifiedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Counts a guess at a sign-up's code; the row stays locked until `tx` ends. Returns `None` if there is no such
/// sign-up, it has expired, or it has no guesses left.
pub async fn guess(tx: &Tx, id: SignUpId, now: DateTime<Utc>) -> Result<Option<Model>, Fault> {
    let guessed = Entity::update_many()
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::Attempts.lt(GUESSES))
        .filter(Column::ExpiresAt.gt(now))
        .exec_with_returning(tx)
        .await?;
    Ok(guessed.into_iter().next())
}

/// Marks a sign-up as verified. Returns `false` if it was verified before.
pub async fn verified(
    tx: &Tx,
    id: SignUpId,
    session: SessionId,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        // Takes back the guess: only wrong guesses count.
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).sub(1))
        .col_expr(Column::SessionId, Expr::value(session))
        .col_expr(Column::VerifiedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::VerifiedAt.is_null())
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Removes every sign-up.
pub async fn remove_all(tx: &Tx) -> Result<(), Fault> {
    Entity::delete_many().exec(tx).await?;
    Ok(())
}

/// Removes the sign-ups of an address, in whichever form its domain is stored.
pub async fn remove_of(tx: &Tx, email_key: &str) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::EmailKey.is_in(forms(email_key)))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes a slice of the expired sign-ups.
pub async fn remove_expired(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<u64, Fault> {
    let expired = Column::ExpiresAt.lte(now).into_condition();
    Ok(delete_slice::<Entity>(db, expired).await?)
}
