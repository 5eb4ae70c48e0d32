//! Fields for the suites that test clients and protocols against the server. They have no other use. Only with the
//! feature `conformance`, which no release has.

use std::time::Duration;

use async_graphql::{Object, Subscription};
use futures::{Stream, StreamExt as _, stream};

use crate::error::Fault;
use crate::graphql::{GqlError, GqlResult, Nullable};

/// The most events of a subscription, and the default.
const MANY: u32 = 1_000_000;

/// Queries that answer, fail and hang.
#[derive(Default)]
pub struct ConformanceQuery;

#[Object]
impl ConformanceQuery {
    /// The text that was sent.
    async fn echo(&self, #[graphql(desc = "Anything.")] text: String) -> Nullable<String> {
        Some(Ok(text))
    }

    /// Always fails with an internal error.
    async fn fails(&self) -> Nullable<String> {
        Some(Err(broken()))
    }

    /// Panics.
    async fn panics(&self) -> Nullable<String> {
        Some(panic())
    }

    /// Never answers.
    async fn hangs(&self) -> Nullable<String> {
        std::future::pending().await
    }
}

/// Subscriptions that go on, end and fail.
#[derive(Default)]
pub struct ConformanceSubscription;

#[Subscription]
impl ConformanceSubscription {
    /// Counts from 1.
    async fn ticks(
        &self,
        #[graphql(desc = "The milliseconds from one to the next.")] every: u32,
        #[graphql(desc = "The number after which it ends; endless if omitted.")] count: Option<u32>,
    ) -> impl Stream<Item = u32> {
        let pause = Duration::from_millis(every.into());
        stream::iter(1..=count.unwrap_or(MANY).min(MANY)).then(move |tick| async move {
            tokio::time::sleep(pause).await;
            tick
        })
    }

    /// Long texts, each after its number, as fast as the client takes them.
    async fn floods(
        &self,
        #[graphql(desc = "How long each is, in bytes.")] size: u32,
    ) -> impl Stream<Item = String> {
        let size = usize::try_from(size.min(MANY)).unwrap_or_default();
        stream::iter(1..=MANY).map(move |number| format!("{number} {}", ".".repeat(size)))
    }

    /// Counts from 1, and then fails.
    async fn fails_after(
        &self,
        #[graphql(desc = "How many come before the failure.")] count: u32,
    ) -> impl Stream<Item = GqlResult<u32>> {
        let good = stream::iter(1..=count.min(MANY)).map(Ok);
        good.chain(stream::once(async { Err(broken()) }))
    }
}

fn broken() -> GqlError {
    Fault::Broken("a field that fails was asked for").into()
}

#[allow(clippy::panic, reason = "this is what it is for")]
fn panic() -> GqlResult<String> {
    panic!("as it was asked to")
}
