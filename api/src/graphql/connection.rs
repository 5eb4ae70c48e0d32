//! Lists that come in pages (Relay's Cursor Connections), each under a name of its own in the schema.

use std::borrow::Cow;
use std::future::Future;

use async_graphql::connection::CursorType as _;
use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};

use super::{Context as _, GqlError, Nullable};
use crate::app::App;
use crate::error::Fault;
use crate::page::Cursor;

/// What a list can be counted by: whose it is, and what narrows it.
pub trait Counted: Send + Sync {
    /// How many items the whole list has.
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

/// Where a page is in its list.
#[derive(Clone, Debug, SimpleObject)]
pub struct PageInfo {
    /// Whether there are items before the page. Of a page from the front it is known only that `after` was
    /// given.
    pub(super) has_previous_page: bool,
    /// Whether there are items behind the page. Of a page from the back it is known only that `before` was
    /// given.
    pub(super) has_next_page: bool,
    /// The cursor of the first item, to give as `before` for the page before; null when the page is empty.
    pub(super) start_cursor: Option<String>,
    /// The cursor of the last item, to give as `after` for the page behind; null when the page is empty.
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

    /// The items of the page, in the list's order: for apps that need no cursor of each.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where the page is in the list.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// How many items the whole list has. Counted only when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Nullable<i32> {
        let counted = self.whole.count(ctx.app()).await;
        let count = counted.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        Some(count.map_err(GqlError::from))
    }
}

/// An item of a page, and its place in the list.
#[Object(name_type)]
impl<const LIST: u8, T: OutputType> Edge<LIST, T> {
    /// The item's place, to give as `after` or `before`. It means nothing in another list.
    async fn cursor(&self) -> String {
        self.cursor.encode_cursor()
    }

    /// The item.
    async fn node(&self) -> &T {
        &self.node
    }
}
