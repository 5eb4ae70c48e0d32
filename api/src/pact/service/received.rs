//! Received words: nudges, wishes and proposals that a member can still read after they are no longer visible
//! elsewhere.

use entity::{MemberId, PactNudgeId, ReceivedId};

use super::{Held, store};
use crate::app::App;
use crate::error::Fault;
use crate::pact::model::{Received, ReceivedKind};
use crate::pact::store::{RECEIVED, Source};
use crate::page::Page;
use crate::profile;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::Viewer;

/// How many rows one transaction deletes or encrypts at most.
const AT_ONCE: u64 = 100;

/// For which partner received words are kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum For {
    /// For both, what each received from the other.
    Both,
    /// For this member only.
    One(MemberId),
}

/// Keeps what the partners of a pact received, before it stops being visible for good, or while one of them is hidden.
/// Returns the ids of the pact's nudges.
pub(super) async fn keep(
    app: &App,
    tx: &Tx,
    row: &Held,
    whom: For,
    while_hidden: bool,
) -> Result<Vec<PactNudgeId>, Fault> {
    let mut sources = store::of_pact(app, tx, row).await?;
    let nudges = sources
        .iter()
        .filter(|source| source.kind == ReceivedKind::Nudge)
        .map(|source| PactNudgeId(source.id))
        .collect();
    if let For::One(member) = whom {
        sources.retain(|source| source.to == member);
    }
    put(app, tx, row, sources, while_hidden).await?;
    Ok(nudges)
}

/// Keeps a member's wish for his partner, before the member changes it.
pub(super) async fn keep_wish(
    app: &App,
    tx: &Tx,
    row: &Held,
    writer: MemberId,
) -> Result<(), Fault> {
    let mut sources = store::of_pact(app, tx, row).await?;
    sources.retain(|source| source.kind != ReceivedKind::Nudge && source.to != writer);
    put(app, tx, row, sources, false).await
}

async fn put(
    app: &App,
    tx: &Tx,
    row: &Held,
    sources: Vec<Source>,
    while_hidden: bool,
) -> Result<(), Fault> {
    if sources.is_empty() {
        return Ok(());
    }
    let handles = profile::service::handles(tx, &[row.lower_id, row.higher_id]).await?;
    let handle = |member| handles.get(&member).cloned().unwrap_or_default();
    let ended = (app.clock.now(), while_hidden);
    store::keep(app, tx, row, sources, handle, ended).await
}

/// Fetches up to `limit + 1` words that the viewer received, the latest first.
pub async fn received(
    app: &App,
    me: MemberId,
    page: &Page<RECEIVED>,
) -> Result<Vec<Received>, Fault> {
    store::list_received(app, me, app.clock.now(), page).await
}

/// Counts the words that the viewer received.
pub async fn received_count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count_received(app.db.pool(), me, app.clock.now()).await
}

/// Fetches the given received words that are the viewer's, in no particular order.
pub async fn received_by_ids(
    app: &App,
    viewer: Viewer,
    ids: &[ReceivedId],
) -> Result<Vec<Received>, Fault> {
    match viewer.member() {
        Some(me) => store::received_by_ids(app, me, app.clock.now(), ids).await,
        None => Ok(Vec::new()),
    }
}

/// Deletes one slice of received words that were kept long enough, and encrypts one slice of plaintext wishes. Returns
/// whether there may be more.
pub(super) async fn housekeep(app: &App) -> Result<bool, Fault> {
    let removed = transact!(app, |tx| {
        let removed = store::remove_received(tx, app.clock.now(), AT_ONCE).await?;
        Ok(Done::Keep(removed))
    })?;
    let sealed = transact!(app, |tx| {
        Ok(Done::Keep(store::seal_wishes(app, tx, AT_ONCE).await?))
    })?;
    Ok(removed == AT_ONCE || sealed == AT_ONCE)
}
