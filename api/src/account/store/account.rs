//! Accounts.

use chrono::{DateTime, Utc};
use entity::MemberId;
use entity::account::{ActiveModel, Column, Entity, Model, Role};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::super::email::forms;
use crate::db::Tx;
use crate::error::Fault;

/// The account of a member.
pub async fn find(db: &impl ConnectionTrait, owner: MemberId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(owner).one(db).await?)
}

/// The account of an address, by its key in whatever form: the domain of an older one may be kept in Unicode. When
/// there are two, the one with this very key.
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

/// Adds an account; false when its address has one.
pub async fn insert(tx: &Tx, account: ActiveModel) -> Result<bool, Fault> {
    let rows = Entity::insert(account)
        .on_conflict(OnConflict::column(Column::EmailKey).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(rows == 1)
}

/// Whether this is still the passphrase's hash, which does not change before `tx` ends.
pub async fn hold_passphrase(tx: &Tx, owner: MemberId, hash: &str) -> Result<bool, Fault> {
    let held = Entity::find_by_id(owner)
        .filter(Column::PassphraseHash.eq(hash))
        .lock_shared()
        .one(tx)
        .await?;
    Ok(held.is_some())
}

/// Puts a new hash in place of `old`; false when that is not the hash any more.
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

/// Moves the account to another address, which has just been proved. That another account has it is a
/// violation of a unique key.
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

/// Marks the account for deletion; false when it is marked, or its passphrase was changed since.
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

/// Takes the mark off while there is time. Returns `false` if there is none, there is no time left, or the last one was
/// taken off after `not_since`.
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

/// The account, when its day has come; it cannot be had back before `tx` ends.
pub async fn hold_due(
    tx: &Tx,
    owner: MemberId,
    now: DateTime<Utc>,
) -> Result<Option<Model>, Fault> {
    let due = Entity::find_by_id(owner)
        .filter(Column::DeletionDueAt.lte(now))
        .lock_exclusive()
        .one(tx)
        .await?;
    Ok(due)
}

/// Owners of accounts, in the order of their ids, behind one of them.
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

/// Owners of accounts whose day came before an instant.
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

/// The day of an account has come.
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

/// No passphrase opens any account any more.
pub async fn forget_passphrases(tx: &Tx, now: DateTime<Utc>) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::PassphraseHash, Expr::value("!"))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .exec(tx)
        .await?;
    Ok(())
}

/// Removes the member and, by their foreign keys, everything that is his.
pub async fn remove(tx: &Tx, owner: MemberId) -> Result<(), Fault> {
    entity::member::Entity::delete_by_id(owner).exec(tx).await?;
    Ok(())
}

/// What a member may do for others.
pub async fn role(db: &impl ConnectionTrait, owner: MemberId) -> Result<Option<Role>, Fault> {
    let role = Entity::find_by_id(owner)
        .select_only()
        .column(Column::Role)
        .into_tuple()
        .one(db)
        .await?;
    Ok(role)
}

/// What a member may do, which does not change before `tx` ends.
pub async fn lock_role(tx: &Tx, owner: MemberId) -> Result<Option<Role>, Fault> {
    let role = Entity::find_by_id(owner)
        .select_only()
        .column(Column::Role)
        .lock_shared()
        .into_tuple()
        .one(tx)
        .await?;
    Ok(role)
}

/// The condition that the account of the member that an expression names has a role.
pub fn has_role(member: Expr, role: Role) -> Expr {
    let account = Query::select()
        .expr(Expr::val(1))
        .from(Entity)
        .and_where(Expr::col((Entity, Column::MemberId)).eq(member))
        .and_where(Expr::col((Entity, Column::Role)).eq(role))
        .take();
    Expr::exists(account)
}

/// Gives an account a role.
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
