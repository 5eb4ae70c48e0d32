//! Tables of work that a process takes under a lease: if it dies, another process takes the work when the lease has
//! ended.

use chrono::{DateTime, TimeDelta, Utc};
use entity::LeaseHolder;
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait, Order, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use crate::error::Fault;

/// A table of leased work.
pub trait Leased: EntityTrait {
    /// The primary key.
    const ID: Self::Column;
    /// When the work is due.
    const DUE: Self::Column;
    /// The process that holds the lease.
    const HOLDER: Self::Column;
    /// When the lease ends, or null if there is none.
    const UNTIL: Self::Column;
    /// How often the work was claimed.
    const ATTEMPTS: Self::Column;

    /// The condition that work is not done yet. Write it out: a partial index serves no statement that binds the state.
    fn is_open() -> Expr;
}

/// Claims up to `limit` due pieces of work under a lease. No two callers get the same one. The result is not sorted.
pub async fn claim<E: Leased>(
    db: &impl ConnectionTrait,
    holder: LeaseHolder,
    which: Condition,
    (now, lease): (DateTime<Utc>, TimeDelta),
    limit: u64,
) -> Result<Vec<E::Model>, Fault> {
    let due = Query::select()
        .column(E::ID)
        .from(E::default())
        .and_where(E::is_open())
        .cond_where(which)
        .and_where(E::DUE.lte(now))
        .and_where(E::UNTIL.is_null().or(E::UNTIL.lte(now)))
        .order_by(E::DUE, Order::Asc)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .take();
    let claimed = E::update_many()
        .col_expr(E::HOLDER, Expr::value(holder))
        .col_expr(E::UNTIL, Expr::value(now + lease))
        .col_expr(E::ATTEMPTS, Expr::col(E::ATTEMPTS).add(1))
        .filter(E::ID.in_subquery(due))
        .exec_with_returning(db)
        .await?;
    Ok(claimed)
}

/// The condition that a lease has not passed to another holder, or to another attempt of the same one.
pub fn still_held<E: Leased>(holder: Option<LeaseHolder>, attempts: i32) -> Condition {
    Condition::all()
        .add(E::HOLDER.eq(holder))
        .add(E::ATTEMPTS.eq(attempts))
}

/// Returns when the next piece of work can be claimed, or `None` if there is none.
pub async fn next_due<E: Leased>(
    db: &impl ConnectionTrait,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let at = Expr::col(E::UNTIL).if_null(Expr::col(E::DUE));
    let next = E::find()
        .select_only()
        .expr_as(at.clone(), "at")
        .filter(E::is_open())
        .order_by(at, Order::Asc)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(next)
}
