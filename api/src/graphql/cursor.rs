//! Connections: pages by keyset, with cursors that know what they belong to.

use async_graphql::connection::CursorType;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::connection::{Connection, Edge, PageInfo};
use super::errors::{GqlError, GqlResult};

/// The items of a page when the app does not say.
pub const PAGE: u64 = 20;
/// The most items a page may have.
pub const MAX_PAGE: u64 = 100;

/// A place in a list that is sorted by `key`, then by `id`. `LIST` tells lists apart, so that a cursor of
/// one is refused by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor<const LIST: u8> {
    /// The sort key: microseconds for an instant, days since the common era for a date, or a position.
    pub key: i64,
    /// What tells equal keys apart.
    pub id: Uuid,
}

impl<const LIST: u8> CursorType for Cursor<LIST> {
    type Error = &'static str;

    fn decode_cursor(text: &str) -> Result<Self, Self::Error> {
        const FAULT: &str = "not a cursor of this list";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| FAULT)?;
        let bytes: [u8; 25] = bytes.try_into().map_err(|_| FAULT)?;
        let (list, rest) = bytes.split_first().ok_or(FAULT)?;
        let (key, id) = rest.split_at(8);
        if *list != LIST {
            return Err(FAULT);
        }
        Ok(Self {
            key: i64::from_be_bytes(key.try_into().map_err(|_| FAULT)?),
            id: Uuid::from_slice(id).map_err(|_| FAULT)?,
        })
    }

    fn encode_cursor(&self) -> String {
        let mut bytes = vec![LIST];
        bytes.extend(self.key.to_be_bytes());
        bytes.extend(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// The four arguments of a connection, as they were sent.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    /// So many from the front.
    pub first: Option<i32>,
    /// Behind this cursor.
    pub after: Option<String>,
    /// So many from the back.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// A page to fetch: what a store needs to know. Stores ask for one more than `limit`, so that the
/// connection can say whether there is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<const LIST: u8> {
    /// Behind this place.
    pub after: Option<Cursor<LIST>>,
    /// Before this place.
    pub before: Option<Cursor<LIST>>,
    /// At most so many.
    pub limit: u64,
    /// From the back of the list.
    pub backward: bool,
}

/// Checks how many items a page is to have.
pub fn size(n: i32) -> GqlResult<u64> {
    let fault = GqlError::BadUserInput("`first` and `last` go from 0 to 100.");
    u64::try_from(n)
        .ok()
        .filter(|n| *n <= MAX_PAGE)
        .ok_or(fault)
}

impl<const LIST: u8> Page<LIST> {
    /// Checks the arguments; without `first` or `last` it is the first [`PAGE`] items.
    pub fn parse(args: &PageArgs) -> GqlResult<Self> {
        let cursor = |text: &Option<String>| {
            text.as_deref()
                .map(Cursor::decode_cursor)
                .transpose()
                .map_err(|_| {
                    GqlError::BadUserInput("`after` and `before` take a cursor of the same list.")
                })
        };
        let (limit, backward) = match (args.first, args.last) {
            (Some(_), Some(_)) => {
                return Err(GqlError::BadUserInput("Give `first` or `last`, not both."));
            }
            (Some(n), None) => (size(n)?, false),
            (None, Some(n)) => (size(n)?, true),
            (None, None) => (PAGE, false),
        };
        Ok(Self {
            after: cursor(&args.after)?,
            before: cursor(&args.before)?,
            limit,
            backward,
        })
    }

    /// Makes a connection of up to `limit` + 1 rows, which come in the order they were fetched in:
    /// for a backward page from the back. The `whole` is what it is a page of.
    pub fn connection<R, T, C>(
        &self,
        whole: C,
        mut rows: Vec<R>,
        cursor: impl Fn(&R) -> Cursor<LIST>,
        node: impl Fn(R) -> T,
    ) -> Connection<LIST, T, C> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if self.backward {
            rows.reverse();
        }
        let (has_previous_page, has_next_page) = if self.backward {
            (more, self.before.is_some())
        } else {
            (self.after.is_some(), more)
        };
        let edges: Vec<_> = rows
            .into_iter()
            .map(|row| Edge {
                cursor: cursor(&row),
                node: node(row),
            })
            .collect();
        let at = |edge: Option<&Edge<LIST, T>>| edge.map(|edge| edge.cursor.encode_cursor());
        let page_info = PageInfo {
            has_previous_page,
            has_next_page,
            start_cursor: at(edges.first()),
            end_cursor: at(edges.last()),
        };
        Connection {
            edges,
            page_info,
            whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = Cursor::<1> {
            key: -5,
            id: Uuid::from_u128(9),
        };
        let text = cursor.encode_cursor();
        assert_eq!(Cursor::<1>::decode_cursor(&text), Ok(cursor));
        assert!(Cursor::<2>::decode_cursor(&text).is_err());
        assert!(Cursor::<1>::decode_cursor("AAAA").is_err());
    }

    #[test]
    fn a_page_has_bounds() {
        let parse = |first, last| {
            Page::<1>::parse(&PageArgs {
                first,
                last,
                ..PageArgs::default()
            })
        };
        assert_eq!(parse(None, None).unwrap().limit, 20);
        assert!(parse(Some(101), None).is_err());
        assert!(parse(Some(-1), None).is_err());
        assert!(parse(Some(1), Some(1)).is_err());
        assert!(parse(None, Some(3)).unwrap().backward);
    }
}
