//! SQL for check-ins that other members may read.

use chrono::NaiveDate;
use entity::check_in::{Column, Entity, Visibility};
use entity::{CircleId, MemberId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, Select,
};

use super::check_ins::{SealedCheckIn, written};
use crate::circle;
use crate::db::Sorted;
use crate::error::Fault;
use crate::page::Page;
use crate::visibility::visible;

/// The id of the list of check-ins that are shared in a circle, for cursors.
pub const CIRCLE_CHECK_INS: u8 = 12;

/// The instant that decides whether a viewer may read a check-in: when it was created, or the start of its day if it
/// came after the day had closed.
const FROM: &str = "CASE WHEN \"check_in\".\"counts\" THEN \"check_in\".\"created_at\" \
    ELSE CAST(\"check_in\".\"local_date\" AS TIMESTAMP WITH TIME ZONE) END";
/// The same on SQLite, which compares instants and dates as text. A date sorts before the instants of its day.
const FROM_IN_TEXT: &str = "CASE WHEN \"check_in\".\"counts\" THEN \"check_in\".\"created_at\" \
    ELSE \"check_in\".\"local_date\" END";

/// Selects the check-ins that members share with a circle, from `since` on. Selects nothing if the viewer is not in the
/// circle. Check-ins from before the viewer or the writer joined are left out. So are late entries for days before
/// that.
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
        .filter(circle::service::both_in_circle_since(
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

/// Fetches up to `limit + 1` of the shared check-ins, newest day first.
pub async fn in_circle(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circle: CircleId,
    since: NaiveDate,
    page: &Page<CIRCLE_CHECK_INS>,
) -> Result<Vec<SealedCheckIn>, Fault> {
    let engine = db.get_database_backend();
    let sorted = Sorted::by_day(Column::LocalDate, Column::Id);
    let query = sorted.page(shared(engine, viewer, circle, since), page);
    Ok(written(query.all(db).await?))
}

/// Counts the shared check-ins.
pub async fn count_in_circle(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circle: CircleId,
    since: NaiveDate,
) -> Result<u64, Fault> {
    let engine = db.get_database_backend();
    Ok(shared(engine, viewer, circle, since).count(db).await?)
}
