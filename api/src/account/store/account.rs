//! Queries on accounts.

use chrono::{DateTime, Utc};
use entity::MemberId;
use entity::account::{ActiveModel, Column, Entity, Model, Role};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::super::email::forms;
use crate::error::Fault;
use crate::tx::{Rank, Tx};

/// Returns a member's account, if it exists.
pub async fn find(db: &impl ConnectionTrait, owner: MemberId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(owner).one(db).await?)
}

/// Finds the account of an address, by its key in any form: an older account may store the domain in Unicode. If there
/// are two, returns the one with exactly this key.
pub async fn find_by_email(
    db: &impl ConnectionTrait,
    email_key: &str,
) -> Result<Option<Model>, Fault> {
    let account = Entity::find()
        .filter(Column::EmailKey.is_in(forms(email_key)))
        .order_by_desc(Expr::col(Column::EmailKey).eq(email_key))
        .one(db)
        .await?;
    Ok(account)
}

/// Adds an account. Returns `false` if its address has one.
pub async fn insert(tx: &Tx, account: ActiveModel) -> Result<bool, Fault> {
    let rows = Entity::insert(account)
        .on_conflict(OnConflict::column(Column::EmailKey).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(rows == 1)
}

/// Locks the account `FOR SHARE` if `hash` is still its passphrase's hash. Returns whether it is.
pub async fn lock_passphrase(tx: &Tx, owner: MemberId, hash: &str) -> Result<bool, Fault> {
    tx.lock(Rank::Account);
    let held = Entity::find_by_id(owner)
        .filter(Column::PassphraseHash.eq(hash))
        .lock_shared()
        .one(tx)
        .await?;
    Ok(held.is_some())
}

/// Replaces the hash `old`. Returns `false` if the account has another hash by now.
pub async fn replace_passphrase(
    tx: &Tx,
    owner: MemberId,
    old: &str,
    new: &str,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        .col_expr(Column::PassphraseHash, Expr::value(new))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::MemberId.eq(owner))
        .filter(Column::PassphraseHash.eq(old))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Moves the account to another address, which has just been proved. Fails with a unique violation if another account
/// has the address.
pub async fn move_to(
    tx: &Tx,
    owner: MemberId,
    email: &str,
    email_key: &str,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        .col_expr(Column::Email, Expr::value(email))
        .col_expr(Column::EmailKey, Expr::value(email_key))
        .col_expr(Column::EmailVerifiedAt, Expr::value(now))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::MemberId.eq(owner))
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Marks the account for deletion. Returns `false` if it is marked already, or its passphrase was changed since.
pub async fn mark_for_deletion(
    tx: &Tx,
    account: &Model,
    due_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    let updated = Entity::update_many()
        .col_expr(Column::DeletionDueAt, Expr::value(due_at))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::MemberId.eq(account.member_id))
        .filter(Column::PassphraseHash.eq(account.passphrase_hash.as_str()))
        .filter(Column::DeletionDueAt.is_null())
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Unmarks the account while there is time. Returns `false` if it is not marked, no time is left, or it was last
/// unmarked after `not_since`.
pub async fn unmark(
    tx: &Tx,
    owner: MemberId,
    now: DateTime<Utc>,
    not_since: DateTime<Utc>,
) -> Result<bool, Fault> {
    let rested = Column::DeletionUndoneAt
        .is_null()
        .or(Column::DeletionUndoneAt.lte(not_since));
    let updated = Entity::update_many()
        .col_expr(Column::DeletionDueAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(Column::DeletionUndoneAt, Expr::value(now))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::MemberId.eq(owner))
        .filter(Column::DeletionDueAt.gt(now))
        .filter(rested)
        .exec(tx)
        .await?;
    Ok(updated.rows_affected == 1)
}

/// Locks the account `FOR UPDATE` and returns it, if its deletion is due. The deletion cannot be undone before `tx`
/// ends.
pub async fn load_due_locked(
    tx: &Tx,
    owner: MemberId,
    now: DateTime<Utc>,
) -> Result<Option<Model>, Fault> {
    tx.lock(Rank::Account);
    let due = Entity::find_by_id(owner)
        .filter(Column::DeletionDueAt.lte(now))
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(due)
}

/// Fetches up to `limit` owners of accounts, ordered by id, after `after`.
pub async fn owners(
    db: &impl ConnectionTrait,
    after: Option<MemberId>,
    limit: u64,
) -> Result<Vec<MemberId>, Fault> {
    let mut owners = Entity::find().select_only().column(Column::MemberId);
    if let Some(after) = after {
        owners = owners.filter(Column::MemberId.gt(after));
    }
    let owners = owners.order_by_asc(Column::MemberId).limit(limit);
    Ok(owners.into_tuple().all(db).await?)
}

/// Fetches up to `limit` owners of accounts that were due before an instant, the longest overdue first.
pub async fn overdue(
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<MemberId>, Fault> {
    let overdue = Entity::find()
        .select_only()
        .column(Column::MemberId)
        .filter(Column::DeletionDueAt.is_not_null())
        .filter(Column::DeletionDueAt.lt(before))
        .order_by_asc(Column::DeletionDueAt)
        .limit(limit);
    Ok(overdue.into_tuple().all(db).await?)
}

/// Makes the deletion of an account due now.
pub async fn is_due(
    db: &impl ConnectionTrait,
    owner: MemberId,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::DeletionDueAt, Expr::value(now))
        .filter(Column::MemberId.eq(owner))
        .exec(db)
        .await?;
    Ok(())
}

/// Invalidates every passphrase: no hash matches `!`.
pub async fn forget_passphrases(tx: &Tx, now: DateTime<Utc>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::PassphraseHash, Expr::value("!"))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes the member and, through foreign keys, all his rows.
pub async fn remove(tx: &Tx, owner: MemberId) -> Result<(), Fault> {
    entity::member::Entity::delete_by_id(owner).exec(tx).await?;
    Ok(())
}

/// Returns a member's role, or `None` if he has no account.
pub async fn role(db: &impl ConnectionTrait, owner: MemberId) -> Result<Option<Role>, Fault> {
    let role = Entity::find_by_id(owner)
        .select_only()
        .column(Column::Role)
        .into_tuple()
        .one(db)
        .await?;
    Ok(role)
}

/// As [`role`], locked `FOR SHARE` until `tx` ends.
pub async fn lock_role(tx: &Tx, owner: MemberId) -> Result<Option<Role>, Fault> {
    tx.lock(Rank::Role);
    let role = Entity::find_by_id(owner)
        .select_only()
        .column(Column::Role)
        .lock_shared()
        .into_tuple()
        .one(tx)
        .await?;
    Ok(role)
}

/// Returns the condition that the account of the member in `member` has a role.
pub fn has_role(member: Expr, role: Role) -> Expr {
    let account = Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::MemberId)).eq(member))
        .and_where(Expr::col((Entity, Column::Role)).eq(role))
        .take();
    Expr::exists(account)
}

/// Sets an account's role.
pub async fn set_role(
    tx: &Tx,
    owner: MemberId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::Role, Expr::value(role))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .filter(Column::MemberId.eq(owner))
        .exec(tx)
        .await?;
    Ok(())
}
