//! Check-ins that others may read.

use chrono::NaiveDate;
use entity::check_in::{Column, Entity, Visibility};
use entity::{CheckInId, CircleId, MemberId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, Order, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};

use super::check_ins::{Written, date_of, written};
use crate::error::Fault;
use crate::graphql::cursor::{Cursor, Page};
use crate::{circle, profile};

/// The list of what is shared in a circle, for cursors.
pub const CIRCLE_CHECK_INS: u8 = 12;

/// What the men of a circle share with the others in it, since a day; nothing for who is not in it.
fn shared(viewer: MemberId, circle: CircleId, since: NaiveDate) -> Select<Entity> {
    let writer = || Expr::col((Entity, Column::MemberId));
    Entity::find()
        .filter(Column::Visibility.eq(Visibility::Circle))
        .filter(Column::LocalDate.gte(since))
        .filter(circle::service::in_it_with(viewer, circle, writer()))
        .filter(profile::service::shown(writer()))
}

/// A page of it, the newest day first, and one row more.
pub async fn in_circle(
    db: &impl ConnectionTrait,
    viewer: MemberId,
    circle: CircleId,
    since: NaiveDate,
    page: &Page<CIRCLE_CHECK_INS>,
) -> Result<Vec<Written>, Fault> {
    let mut query = shared(viewer, circle, since);
    if let Some(place) = page.after.and_then(place) {
        query = query.filter(beyond(place, true));
    }
    if let Some(place) = page.before.and_then(place) {
        query = query.filter(beyond(place, false));
    }
    let order = if page.backward {
        Order::Asc
    } else {
        Order::Desc
    };
    let query = query
        .order_by(Column::LocalDate, order.clone())
        .order_by(Column::Id, order)
        .limit(page.limit + 1);
    Ok(written(query.all(db).await?))
}

fn place(cursor: Cursor<CIRCLE_CHECK_INS>) -> Option<(NaiveDate, CheckInId)> {
    Some((date_of(cursor)?, CheckInId(cursor.id)))
}

fn beyond((day, id): (NaiveDate, CheckInId), older: bool) -> Condition {
    let (other_day, other_id) = if older {
        (Column::LocalDate.lt(day), Column::Id.lt(id))
    } else {
        (Column::LocalDate.gt(day), Column::Id.gt(id))
    };
    let same_day = Condition::all()
        .add(Column::LocalDate.eq(day))
        .add(other_id);
    Condition::any().add(other_day).add(same_day)
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
