//! Pages of lists that are sorted by an instant.

use chrono::{DateTime, Utc};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use crate::graphql::cursor::{Cursor, Page};

/// A page, and one row more, of what is sorted by an instant and then by its id, the latest first; from the back for a
/// backward page. Its cursors have the instant's microseconds for their key.
pub fn latest_first<E: EntityTrait, const LIST: u8>(
    select: Select<E>,
    page: &Page<LIST>,
    (at, id): (E::Column, E::Column),
) -> Select<E> {
    let order = if page.backward {
        Order::Asc
    } else {
        Order::Desc
    };
    let mut select = select
        .order_by(at, order.clone())
        .order_by(id, order)
        .limit(page.limit + 1);
    if let Some((when, which)) = page.after.as_ref().and_then(place) {
        let behind = at.eq(when).and(id.lt(which));
        select = select.filter(Condition::any().add(at.lt(when)).add(behind));
    }
    if let Some((when, which)) = page.before.as_ref().and_then(place) {
        let before = at.eq(when).and(id.gt(which));
        select = select.filter(Condition::any().add(at.gt(when)).add(before));
    }
    select
}

fn place<const LIST: u8>(cursor: &Cursor<LIST>) -> Option<(DateTime<Utc>, Uuid)> {
    let at = DateTime::from_timestamp_micros(cursor.key)?;
    Some((at, cursor.id))
}
