//! Paged lists (Relay's Cursor Connections), each under a name of its own in the schema.

use std::borrow::Cow;
use std::future::Future;

use async_graphql::connection::CursorType as _;
use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};

use super::{Context as _, GqlError, Nullable};
use crate::app::App;
use crate::error::Fault;
use crate::page::Cursor;

/// The owner and the filter of a list, by which it can be counted.
pub trait Counted: Send + Sync {
    /// Returns how many items the whole list has.
    fn count(&self, app: &App) -> impl Future<Output = Result<u64, Fault>> + Send;
}

/// A page of a list.
#[derive(Debug)]
pub struct Connection<const LIST: u8, T, C> {
    pub(super) edges: Vec<Edge<LIST, T>>,
    pub(super) page_info: PageInfo,
    pub(super) whole: C,
}

/// An item of a page.
#[derive(Debug)]
pub struct Edge<const LIST: u8, T> {
    pub(super) cursor: Cursor<LIST>,
    pub(super) node: T,
}

/// The position of a page in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether there are items before the page. On a page from the front this only says whether `after` was given.
    pub(super) has_previous_page: bool,
    /// Whether there are items after the page. On a page from the back this only says whether `before` was given.
    pub(super) has_next_page: bool,
    /// The cursor of the first item. Give it as `before` to get the previous page. Null if the page is empty.
    pub(super) start_cursor: Option<String>,
    /// The cursor of the last item. Give it as `after` to get the next page. Null if the page is empty.
    pub(super) end_cursor: Option<String>,
}

impl<const LIST: u8, T: OutputType, C: Counted> TypeName for Connection<LIST, T, C> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

impl<const LIST: u8, T: OutputType> TypeName for Edge<LIST, T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// A page of a list.
#[Object(name_type)]
impl<const LIST: u8, T: OutputType, C: Counted> Connection<LIST, T, C> {
    /// The items of the page with their cursors, in the list's order.
    async fn edges(&self) -> &[Edge<LIST, T>] {
        &self.edges
    }

    /// The items of the page in the list's order, without their cursors.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// The position of the page in the list.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// How many items the whole list has. It is counted only if you ask for it.
    async fn total_count(&self, ctx: &Context<'_>) -> Nullable<i32> {
        let counted = self.whole.count(ctx.app()).await;
        let count = counted.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        Some(count.map_err(GqlError::from))
    }
}

/// An item of a page, and its position in the list.
#[Object(name_type)]
impl<const LIST: u8, T: OutputType> Edge<LIST, T> {
    /// The item's position, to give as `after` or `before`. It is not valid in another list.
    async fn cursor(&self) -> String {
        self.cursor.encode_cursor()
    }

    /// The item.
    async fn node(&self) -> &T {
        &self.node
    }
}
