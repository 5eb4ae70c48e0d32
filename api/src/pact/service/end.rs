//! Ending pacts and sharing, hiding pacts, and keeping the words that partners received.

use chrono::{DateTime, Utc};
use entity::{MemberId, PactId, PeeringId};

use super::received::{self, For};
use super::{Held, consented, load_locked, put, store, tell};
use crate::app::App;
use crate::bus::Activity;
use crate::error::Fault;
use crate::matching::model::Pair;
use crate::pact::model::{self, Sharing, Side, Transition};
use crate::pact::store::Over;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::{matching, outbox};

/// How many pacts one transaction closes at most.
const CLOSED_AT_ONCE: u64 = 100;

/// The outcome of [`end`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The pact is over.
    Succeeded,
    /// No such pact is visible to the caller.
    NotFound,
    /// It is a proposal that waits for the caller's answer.
    NotBegun,
}

/// Ends a pact, or withdraws a proposal. Idempotent: succeeds also if it was over.
pub async fn end(app: &App, me: MemberId, id: PactId) -> Result<Ended, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(row) = load_locked(tx, me, id).await? else {
            return Ok(Done::Undo(Ended::NotFound));
        };
        match model::end(&row.pact, me, now) {
            Transition::Apply => {}
            Transition::AlreadyApplied => return Ok(Done::Undo(Ended::Succeeded)),
            Transition::NotFound | Transition::WrongState => {
                return Ok(Done::Undo(Ended::NotFound));
            }
            Transition::NotAllowed => return Ok(Done::Undo(Ended::NotBegun)),
        }
        let other = row.partner_of(me);
        // A partner who declined the proposal no longer sees it, and is not told that it is over.
        let saw_it = model::shown(other, &row.pact, now).is_some();
        store::end(tx, id, now).await?;
        outbox::withdraw(tx, other, &super::proposed_key(id)).await?;
        gone(app, tx, &row, now).await?;
        if saw_it {
            tell(tx, (me, other), Activity::PactChanged, id.0);
        }
        Ok(Done::Keep(Ended::Succeeded))
    })
}

/// Ends the pact of a peering that has ended, if there is one. The caller has locked both members.
pub async fn end_of_peering(
    app: &App,
    tx: &Tx,
    (peering, pair): (PeeringId, Pair),
) -> Result<(), Fault> {
    let now = app.clock.now();
    let Some(pact) = store::open_of_peering(tx, peering).await? else {
        return Ok(());
    };
    store::end(tx, pact.id, now).await?;
    let row = Held {
        pact,
        lower_id: pair.lower,
        higher_id: pair.higher,
    };
    gone(app, tx, &row, now).await
}

/// Removes what ends with a pact: takes it and its nudges out of both feeds, and withdraws the consents. Keeps the
/// words that each received from the other.
pub(super) async fn gone(app: &App, tx: &Tx, row: &Held, at: DateTime<Utc>) -> Result<(), Fault> {
    let nudges = received::keep(app, tx, row, For::Both, false).await?;
    for member in [row.lower_id, row.higher_id] {
        tx.gone(member, row.pact.id);
        for nudge in &nudges {
            tx.gone(member, *nudge);
        }
        if row.pact.accepted_at.is_some() {
            let both = (member, row.partner_of(member));
            consented(app, tx, both, Sharing::Nothing, at).await?;
        }
    }
    Ok(())
}

/// Takes a member's open pacts and their nudges out of the feeds of both partners, or puts them back, after the member
/// was hidden or shown again. The caller has locked the member.
pub async fn resync_for(app: &App, tx: &Tx, member: MemberId, hidden: bool) -> Result<(), Fault> {
    let now = app.clock.now();
    if !hidden {
        store::forget_hidden(tx, member).await?;
    }
    for row in store::open_of(tx, member).await? {
        let is_there = |viewer| model::shown(viewer, &row.pact, now).is_some();
        let both_see_it = is_there(row.lower_id) && is_there(row.higher_id);
        let nudges = if hidden && both_see_it {
            // Both can still read what they received while the pact itself is not visible.
            received::keep(app, tx, &row, For::Both, true).await?
        } else {
            store::nudges_of_pact(tx, row.pact.id).await?
        };
        for viewer in [member, row.partner_of(member)] {
            let there = !hidden && is_there(viewer);
            if there {
                tx.put(viewer, row.pact.id);
            } else {
                tx.gone(viewer, row.pact.id);
            }
            for nudge in &nudges {
                if there {
                    tx.put(viewer, *nudge);
                } else {
                    tx.gone(viewer, *nudge);
                }
            }
        }
    }
    Ok(())
}

/// Keeps the words that others received from a member who is about to be deleted for good. Most were kept when he was
/// hidden, but an older version of the program may have hidden him without keeping them.
pub async fn purging(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    for row in store::open_of(tx, member).await? {
        let other = row.partner_of(member);
        received::keep(app, tx, &row, For::One(other), true).await?;
    }
    Ok(())
}

/// Closes one slice of pacts whose last day is over, of expired proposals, and of sharing beyond the agreed time, and
/// updates the feeds. Deletes received words that were kept long enough, and encrypts plaintext wishes. Returns whether
/// there may be more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let now = app.clock.now();
    let more = received::housekeep(app).await?;
    let closed = transact!(app, |tx| {
        let closed = store::close_over(tx, Over::All(CLOSED_AT_ONCE), now).await?;
        let count = closed.len() as u64;
        let ids: Vec<PeeringId> = closed.iter().map(|row| row.peering_id).collect();
        let pairs = matching::service::pairs(tx, &ids).await?;
        for pact in closed {
            let Some(pair) = pairs.get(&pact.peering_id) else {
                continue;
            };
            let at = pact.ends_at.unwrap_or(now);
            let row = Held {
                pact,
                lower_id: pair.lower,
                higher_id: pair.higher,
            };
            gone(app, tx, &row, at).await?;
        }
        Ok(Done::Keep(count))
    })?;
    let lapsed = transact!(app, |tx| {
        Ok(Done::Keep(
            store::lapsed_sides(tx, CLOSED_AT_ONCE, now).await?,
        ))
    })?;
    let is_slice = lapsed.len() as u64 == CLOSED_AT_ONCE;
    let mut stopped = false;
    for (pact, member) in lapsed {
        stopped |= stop_sharing(app, pact, member, now).await?;
    }
    // A side whose partner is hidden cannot be stopped now. If a full slice holds nothing else, it waits for a later
    // round: asking for more would loop.
    Ok(more || closed == CLOSED_AT_ONCE || (is_slice && stopped))
}

/// Stops what a member shares if the time he agreed to is over. Returns whether something was stopped.
async fn stop_sharing(
    app: &App,
    id: PactId,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    transact!(app, |tx| {
        let Some(row) = load_locked(tx, member, id).await? else {
            return Ok(Done::Undo(false));
        };
        let Some(side) = store::side_of(app, tx, id, member).await? else {
            return Ok(Done::Undo(false));
        };
        let Some(until) = side.until.filter(|until| *until <= now) else {
            return Ok(Done::Undo(false));
        };
        let nothing = Side {
            until: None,
            ..side.effective(now)
        };
        store::put_side(app, tx, (id, member), &nothing, now).await?;
        let both = (member, row.partner_of(member));
        consented(app, tx, both, Sharing::Nothing, until).await?;
        put(tx, &row);
        Ok(Done::Keep(true))
    })
}
