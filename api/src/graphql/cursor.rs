//! Connections: from their arguments to a page, and from its rows to the answer.

use async_graphql::connection::CursorType as _;

use super::connection::{Connection, Edge, PageInfo};
use super::errors::{GqlError, GqlResult};
use crate::page::{Cursor, MAX_PAGE, PAGE, Page};

/// The four arguments of a connection, as they were sent.
#[derive(Clone, Debug, Default)]
pub struct PageArgs {
    /// The number of items from the front.
    pub first: Option<i32>,
    /// Only items after this cursor.
    pub after: Option<String>,
    /// The number of items from the back.
    pub last: Option<i32>,
    /// Only items before this cursor.
    pub before: Option<String>,
}

/// Checks the size of a page.
pub fn size(n: i32) -> GqlResult<u64> {
    let fault = GqlError::BadUserInput("`first` and `last` go from 0 to 100.");
    u64::try_from(n)
        .ok()
        .filter(|n| *n <= MAX_PAGE)
        .ok_or(fault)
}

impl<const LIST: u8> Page<LIST> {
    /// Checks the arguments. Without `first` or `last` the page has the first [`PAGE`] items.
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

    /// Makes a connection of up to `limit` + 1 rows in the order of the query: for a backward page, from the back.
    /// `whole` is the list that this is a page of.
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
    fn page_arguments_have_bounds() {
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
