//! Pages of a list that is sorted by one column and, where its values are equal, by an id.

use chrono::{DateTime, NaiveDate};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, QueryOrder as _, QuerySelect as _, Select, Value,
};

use crate::page::{Cursor, Page};

/// How a list is sorted.
#[derive(Clone, Copy, Debug)]
pub struct Sorted<K, I> {
    key: K,
    id: I,
    /// Converts the key of a cursor to a value of the column.
    value: fn(i64) -> Option<Value>,
    latest_first: bool,
}

fn instant(micros: i64) -> Option<Value> {
    DateTime::from_timestamp_micros(micros).map(Value::from)
}

fn day(number: i64) -> Option<Value> {
    let number = i32::try_from(number).ok()?;
    NaiveDate::from_num_days_from_ce_opt(number).map(Value::from)
}

impl<K: ColumnTrait, I: ColumnTrait> Sorted<K, I> {
    /// Sorts by an instant, the latest first. The key of a cursor is the instant in microseconds.
    pub const fn by_instant(key: K, id: I) -> Self {
        Self {
            key,
            id,
            value: instant,
            latest_first: true,
        }
    }

    /// Sorts by a day, the latest first. The key of a cursor is the number of the day since the common era.
    pub const fn by_day(key: K, id: I) -> Self {
        Self {
            value: day,
            ..Self::by_instant(key, id)
        }
    }

    /// Sorts the earliest first instead.
    #[must_use]
    pub const fn earliest_first(self) -> Self {
        Self {
            latest_first: false,
            ..self
        }
    }

    /// Selects up to `limit + 1` rows of the page. A backward page is selected from the end of the list.
    pub fn page<E: EntityTrait, const LIST: u8>(
        self,
        select: Select<E>,
        page: &Page<LIST>,
    ) -> Select<E> {
        let after = page
            .after
            .and_then(|place| self.beyond(place, self.latest_first));
        let before = page
            .before
            .and_then(|place| self.beyond(place, !self.latest_first));
        let order = if self.latest_first == page.backward {
            Order::Asc
        } else {
            Order::Desc
        };
        let filters = [after, before].into_iter().flatten();
        filters
            .fold(select, sea_orm::QueryFilter::filter)
            .order_by(self.key, order.clone())
            .order_by(self.id, order)
            .limit(page.limit + 1)
    }

    /// Selects the rows that are earlier than the cursor's row, or later if `earlier` is false. Returns `None` if the
    /// key of the cursor is out of range.
    pub fn beyond<const LIST: u8>(self, place: Cursor<LIST>, earlier: bool) -> Option<Condition> {
        let value = (self.value)(place.key)?;
        let key = || self.key.into_expr();
        let id = self.id.into_expr();
        let (further, behind): (Expr, Expr) = if earlier {
            (key().lt(value.clone()), id.lt(place.id))
        } else {
            (key().gt(value.clone()), id.gt(place.id))
        };
        let same = Condition::all().add(key().eq(value)).add(behind);
        Some(Condition::any().add(further).add(same))
    }
}
