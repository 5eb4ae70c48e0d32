//! Who may see whom. Every list, count, node, event and mutation about another member asks here.
//!
//! A member whose account waits for deletion is hidden: the member is visible to nobody else and can see nobody else.

pub mod relations;

use std::collections::HashSet;

use entity::MemberId;
use entity::member::{Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _,
};

use crate::error::Fault;

/// The condition that the member `other` is visible to the viewer. Every member is visible to himself.
pub fn visible(viewer: MemberId, other: Expr) -> Expr {
    other
        .clone()
        .eq(viewer)
        .or(mutual(Expr::val(viewer), other))
}

/// The condition that two members can see each other. It assumes that both exist.
pub fn mutual(one: Expr, other: Expr) -> Expr {
    Expr::exists(hidden_of([one, other])).not()
}

/// The condition that a member takes part, that is, is not hidden.
pub fn takes_part(member: Expr) -> Expr {
    Expr::exists(hidden_of([member])).not()
}

fn hidden_of(members: impl IntoIterator<Item = Expr>) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .expr(Expr::val(1))
        .from_as(Entity, "hidden")
        .and_where(Expr::col(("hidden", Column::Id)).is_in(members))
        .and_where(Expr::col(("hidden", Column::HiddenAt)).is_not_null())
        .take()
}

/// Whether a member exists and is visible to the viewer.
pub async fn is_visible(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    other: MemberId,
) -> Result<bool, Fault> {
    let seen: Option<MemberId> = Entity::find_by_id(other)
        .select_only()
        .column(Column::Id)
        .filter(visible(viewer, Expr::col((Entity, Column::Id))))
        .into_tuple()
        .one(db)
        .await?;
    Ok(seen.is_some())
}

/// Whether a member takes part, that is, exists and is not hidden.
pub async fn is_taking_part(db: &impl ConnectionTrait, member: MemberId) -> Result<bool, Fault> {
    let found: Option<MemberId> = Entity::find_by_id(member)
        .select_only()
        .column(Column::Id)
        .filter(Column::HiddenAt.is_null())
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.is_some())
}

/// Returns the given pairs of members that cannot see each other. Runs one statement, or none without a pair.
pub async fn mutually_invisible(
    db: &impl ConnectionTrait,
    pairs: &[(MemberId, MemberId)],
) -> Result<HashSet<(MemberId, MemberId)>, Fault> {
    if pairs.is_empty() {
        return Ok(HashSet::new());
    }
    let members: HashSet<MemberId> = pairs.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let hidden: Vec<MemberId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(members))
        .filter(Column::HiddenAt.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    let apart = |pair: &&(MemberId, MemberId)| hidden.contains(&pair.0) || hidden.contains(&pair.1);
    Ok(pairs.iter().filter(apart).copied().collect())
}
