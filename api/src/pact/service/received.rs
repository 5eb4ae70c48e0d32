//! What a man received stays his: nudges, wishes and proposals, for a time after he sees them nowhere else.

use entity::{MemberId, PactNudgeId, ReceivedId};

use super::{Held, store};
use crate::app::App;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::pact::model::{Received, ReceivedKind};
use crate::pact::store::{RECEIVED, Source};
use crate::page::Page;
use crate::profile;
use crate::viewer::Viewer;

/// Rows that are removed, or encrypted, by one transaction.
const AT_ONCE: u64 = 100;

/// For whom something is kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum For {
    /// Either of the two, what he had from the other.
    Both,
    /// This one.
    One(MemberId),
}

/// Keeps what men received by a pact that is to be seen no more, or not while its other man is hidden. Returns its
/// nudges.
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

/// Keeps how a man liked to be nudged, which he is about to change, for the other.
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

/// A page, and one more, of what the viewer received, the latest first.
pub async fn received(
    app: &App,
    me: MemberId,
    page: &Page<RECEIVED>,
) -> Result<Vec<Received>, Fault> {
    store::list_received(app, me, app.clock.now(), page).await
}

/// How much that is.
pub async fn received_count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count_received(app.db.pool(), me, app.clock.now()).await
}

/// What the viewer received, by ids and in no order; others' is left out.
pub async fn received_by_ids(
    app: &App,
    viewer: Viewer,
    ids: &[ReceivedId],
) -> Result<Vec<Received>, Fault> {
    match viewer.member() {
        Some(me) => store::these_received(app, me, app.clock.now(), ids).await,
        None => Ok(Vec::new()),
    }
}

/// Removes what has been kept for its time, and encrypts wishes that are in the clear.
/// One slice; returns whether there is more.
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
