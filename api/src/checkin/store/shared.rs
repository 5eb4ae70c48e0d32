//! Check-ins that others may read.

use chrono::NaiveDate;
use entity::check_in::{Column, Entity, Visibility};
use entity::{CircleId, MemberId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    Select,
};

use super::check_ins::{Written, written};
use crate::circle;
use crate::db::Sorted;
use crate::error::Fault;
use crate::graphql::cursor::Page;
use crate::visibility::visible;

/// The list of what is shared in a circle, for cursors.
pub const CIRCLE_CHECK_INS: u8 = 12;

/// What the men of a circle share with the others in it, since a day; nothing for who is not in it. What was written
/// before the viewer or its writer joined the circle is not shown in it.
fn shared(viewer: MemberId, circle: CircleId, since: NaiveDate) -> Select<Entity> {
    let writer = || Expr::col((Entity, Column::MemberId));
    Entity::find()
        .filter(Column::Visibility.eq(Visibility::Circle))
        .filter(Column::LocalDate.gte(since))
        .filter(circle::service::in_it_with_since(
            viewer,
            circle,
            writer(),
            Expr::col((Entity, Column::CreatedAt)),
        ))
        .filter(visible(viewer, writer()))
}

/// A page of it, the newest day first, and one row more.
pub async fn in_circle(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circle: CircleId,
    since: NaiveDate,
    page: &Page<CIRCLE_CHECK_INS>,
) -> Result<Vec<Written>, Fault> {
    let sorted = Sorted::by_day(Column::LocalDate, Column::Id);
    let query = sorted.page(shared(viewer, circle, since), page);
    Ok(written(query.all(db).await?))
}

/// How many there are.
pub async fn count_in_circle(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circle: CircleId,
    since: NaiveDate,
) -> Result<u64, Fault> {
    Ok(shared(viewer, circle, since).count(db).await?)
}
