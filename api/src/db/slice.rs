//! Deletion in slices: one statement over a whole table would make everybody else wait.

use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    Condition, ConnectionTrait, DbErr, EntityTrait, Iterable as _, PrimaryKeyToColumn as _,
    QueryFilter as _,
};

/// How many rows one statement deletes at most.
pub const SLICE: u64 = 500;

/// Deletes up to [`SLICE`] rows that meet the condition. Returns how many; fewer than [`SLICE`] means that none are
/// left.
pub async fn delete_slice<E: EntityTrait>(
    db: &impl ConnectionTrait,
    condition: Condition,
) -> Result<u64, DbErr> {
    let key =
        || E::PrimaryKey::iter().map(|column| Expr::col((E::default(), column.into_column())));
    let some = Query::select()
        .exprs(key())
        .from(E::default())
        .cond_where(condition)
        .limit(SLICE)
        .take();
    let deleted = E::delete_many()
        .filter(Expr::tuple(key()).in_subquery(some))
        .exec(db)
        .await?;
    Ok(deleted.rows_affected)
}
