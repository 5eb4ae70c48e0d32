//! Check-ins that others may read.

use chrono::NaiveDate;
use entity::check_in::{Column, Entity, Visibility};
use entity::{CircleId, MemberId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, Select,
};

use super::check_ins::{Written, written};
use crate::circle;
use crate::db::Sorted;
use crate::error::Fault;
use crate::page::Page;
use crate::visibility::visible;

/// The list of what is shared in a circle, for cursors.
pub const CIRCLE_CHECK_INS: u8 = 12;

/// The instant a check-in is from. An entry, which came when its day had closed, is from its day.
const FROM: &str = "CASE WHEN \"check_in\".\"counts\" THEN \"check_in\".\"created_at\" \
    ELSE CAST(\"check_in\".\"local_date\" AS TIMESTAMP WITH TIME ZONE) END";
/// The same on SQLite, which compares instants and days as texts: a day comes before its instants.
const FROM_IN_TEXT: &str = "CASE WHEN \"check_in\".\"counts\" THEN \"check_in\".\"created_at\" \
    ELSE \"check_in\".\"local_date\" END";

/// What the men of a circle share with the others in it, since a day; nothing for who is not in it. What was written
/// before the viewer or its writer joined the circle is not shown in it, nor is an entry for a day before.
fn shared(
    engine: DbBackend,
    viewer: MemberId,
    circle: CircleId,
    since: NaiveDate,
) -> Select<Entity> {
    let writer = || Expr::col((Entity, Column::MemberId));
    Entity::find()
        .filter(Column::Visibility.eq(Visibility::Circle))
        .filter(Column::LocalDate.gte(since))
        .filter(circle::service::in_it_with_since(
            viewer,
            circle,
            writer(),
            Expr::cust(match engine {
                DbBackend::Sqlite => FROM_IN_TEXT,
                _ => FROM,
            }),
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
    let engine = db.get_database_backend();
    let sorted = Sorted::by_day(Column::LocalDate, Column::Id);
    let query = sorted.page(shared(engine, viewer, circle, since), page);
    Ok(written(query.all(db).await?))
}

/// How many there are.
pub async fn count_in_circle(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circle: CircleId,
    since: NaiveDate,
) -> Result<u64, Fault> {
    let engine = db.get_database_backend();
    Ok(shared(engine, viewer, circle, since).count(db).await?)
}
