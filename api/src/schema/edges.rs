//! Fetches related things: the circle of a meeting, the subject of a notification.
//!
//! Fields beside each other in one answer are fetched together. A list costs one more statement for each kind of thing,
//! not one for each of its items. The finders are those of `nodes`, so things that the viewer may not see are null here
//! too. (The library's data loader runs each batch in a task of its own, after a timer, and without the request's
//! context.)

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Context;
use entity::{CircleId, PactId, PeeringId};
use tokio::sync::OnceCell;
use tokio::task::yield_now;

use crate::graphql::{GqlResult, Nullable};
use crate::node_id::{Key, NodeId};
use crate::schema::circle::Circle;
use crate::schema::matching::Peering;
use crate::schema::node_query::{Node, load};
use crate::schema::pact::Pact;

/// The batch that the fields of one request are about to fetch.
#[derive(Debug, Default)]
pub struct Edges(Mutex<Option<Arc<Batch>>>);

#[derive(Default)]
struct Batch {
    keys: Mutex<Vec<Key>>,
    found: OnceCell<GqlResult<HashMap<Key, Node>>>,
}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Batch")
    }
}

impl Edges {
    /// Starts without a batch.
    pub const fn new() -> Self {
        Self(Mutex::new(None))
    }

    fn join(&self, key: Key) -> Arc<Batch> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = open.get_or_insert_default();
        let mut keys = batch.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.push(key);
        drop(keys);
        Arc::clone(batch)
    }

    /// Closes the batch, so that no more fields join it. Returns its keys.
    fn close(&self, batch: &Arc<Batch>) -> Vec<Key> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, batch)) {
            *open = None;
        }
        let keys = batch.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keys = keys.clone();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// Returns the node with this id, or `None` if the viewer may not see it.
pub async fn node(ctx: &Context<'_>, key: Key) -> GqlResult<Option<Node>> {
    let edges = ctx.data_unchecked::<Edges>();
    let batch = edges.join(key);
    // The fields beside this one join the batch during this yield.
    yield_now().await;
    // The first field fetches for all. If it is cancelled, the next one does.
    let found = batch.found.get_or_init(|| async {
        let keys = edges.close(&batch);
        load(ctx, &keys).await
    });
    match found.await {
        Ok(found) => Ok(found.get(&key).cloned()),
        Err(error) => Err(error.clone()),
    }
}

fn key<I: NodeId>(id: I) -> Key {
    (I::TAG, id.uuid())
}

/// Returns the circle, or null if the viewer may not see it.
pub async fn circle(ctx: &Context<'_>, id: CircleId) -> Nullable<Circle> {
    let found = node(ctx, key(id)).await.transpose()?;
    found
        .map(|node| match node {
            Node::Circle(circle) => Some(circle),
            _ => None,
        })
        .transpose()
}

/// Returns the peering, or null if the viewer may not see it.
pub async fn peering(ctx: &Context<'_>, id: PeeringId) -> Nullable<Peering> {
    let found = node(ctx, key(id)).await.transpose()?;
    found
        .map(|node| match node {
            Node::Peering(peering) => Some(*peering),
            _ => None,
        })
        .transpose()
}

/// Returns the pact, or null if the viewer may not see it.
pub async fn pact(ctx: &Context<'_>, id: PactId) -> Nullable<Pact> {
    let found = node(ctx, key(id)).await.transpose()?;
    found
        .map(|node| match node {
            Node::Pact(pact) => Some(*pact),
            _ => None,
        })
        .transpose()
}
