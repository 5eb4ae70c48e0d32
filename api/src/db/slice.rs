//! Deleting a little at a time: one statement over a whole table keeps everybody else waiting.

use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    Condition, ConnectionTrait, DbErr, EntityTrait, Iterable as _, PrimaryKeyToColumn as _,
    QueryFilter as _,
};

/// So many rows are deleted by one statement.
pub const SLICE: u64 = 500;

/// Deletes up to [`SLICE`] of the rows that meet a condition; returns how many. Fewer than that are the last.
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
