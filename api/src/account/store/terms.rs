//! The terms that members accepted.

use chrono::{DateTime, Utc};
use entity::{MemberId, account, superseded_terms};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use crate::error::Fault;
use crate::tx::{Rank, Tx};

/// Returns the account, locked `FOR UPDATE`.
pub async fn lock_account(tx: &Tx, owner: MemberId) -> Result<Option<account::Model>, Fault> {
    tx.lock(Rank::Account);
    let found = account::Entity::find_by_id(owner).lock_exclusive();
    Ok(found.one(tx).await?)
}

/// Records that the account accepts another version, and keeps the one it accepted before.
pub async fn replace(
    tx: &Tx,
    account: &account::Model,
    version: &str,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    superseded_terms::Entity::insert(superseded_terms::ActiveModel {
        member_id: Set(account.member_id),
        accepted_at: Set(account.terms_accepted_at),
        version: Set(account.terms_version.clone()),
    })
    .exec_without_returning(tx)
    .await?;
    account::Entity::update_many()
        .col_expr(account::Column::TermsVersion, Expr::value(version))
        .col_expr(account::Column::TermsAcceptedAt, Expr::value(now))
        .col_expr(account::Column::UpdatedAt, Expr::value(now))
        .filter(account::Column::MemberId.eq(account.member_id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Returns the versions accepted before the one that the account names, newest first.
pub async fn superseded(
    db: &impl ConnectionTrait,
    owner: MemberId,
) -> Result<Vec<superseded_terms::Model>, Fault> {
    let rows = superseded_terms::Entity::find()
        .filter(superseded_terms::Column::MemberId.eq(owner))
        .order_by_desc(superseded_terms::Column::AcceptedAt)
        .all(db)
        .await?;
    Ok(rows)
}
