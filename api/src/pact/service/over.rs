//! When a pact is over, and what goes with it.

use chrono::{DateTime, Utc};
use entity::{MemberId, PactId, PeeringId};

use super::received::{self, For};
use super::{Held, consented, held, put, store, tell};
use crate::app::App;
use crate::bus::Activity;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::matching::model::Pair;
use crate::pact::model::{self, Sharing, Side, Step};
use crate::pact::store::Over;
use crate::{matching, nudge};

/// Pacts closed by one transaction.
const CLOSED_AT_ONCE: u64 = 100;

/// What became of the wish to end a pact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is over.
    AsAsked,
    /// There is no such pact for him.
    NotFound,
    /// It waits for his answer.
    NotBegun,
}

/// Ends a pact, or takes a proposal of it back; it is well if it was over.
pub async fn end(app: &App, me: MemberId, id: PactId) -> Result<Ended, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(row) = held(tx, me, id).await? else {
            return Ok(Done::Undo(Ended::NotFound));
        };
        match model::end(&row.pact, me, now) {
            Step::Take => {}
            Step::Stands => return Ok(Done::Undo(Ended::AsAsked)),
            Step::NotThere | Step::OtherState => return Ok(Done::Undo(Ended::NotFound)),
            Step::NotHis => return Ok(Done::Undo(Ended::NotBegun)),
        }
        let other = row.beside(me);
        let saw_it = model::shown(other, &row.pact, now).is_some();
        store::end(tx, id, now).await?;
        nudge::service::withdraw(tx, other, &super::proposed_key(id)).await?;
        gone(app, tx, &row, now).await?;
        if saw_it {
            tell(tx, (me, other), Activity::PactChanged, id.0);
        }
        Ok(Done::Keep(Ended::AsAsked))
    })
}

/// Two men are partners no longer: so is their pact, if they have one. Both are held.
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

/// What goes with a pact: its nudges, and what was agreed to. What each received of the other's words stays his.
pub(super) async fn gone(app: &App, tx: &Tx, row: &Held, at: DateTime<Utc>) -> Result<(), Fault> {
    let nudges = received::keep(app, tx, row, For::Both, false).await?;
    for member in [row.lower_id, row.higher_id] {
        tx.gone(member, row.pact.id);
        for nudge in &nudges {
            tx.gone(member, *nudge);
        }
        if row.pact.accepted_at.is_some() {
            let both = (member, row.beside(member));
            consented(app, tx, both, Sharing::Nothing, at).await?;
        }
    }
    Ok(())
}

/// A member was hidden from others, or is there again: what there is between him and his partners goes from their
/// phones, or comes back. He is held.
pub async fn seen_otherwise(
    app: &App,
    tx: &Tx,
    member: MemberId,
    hidden: bool,
) -> Result<(), Fault> {
    let now = app.clock.now();
    if !hidden {
        store::forget_hidden(tx, member).await?;
    }
    for row in store::open_of(tx, member).await? {
        let is_there = |viewer| model::shown(viewer, &row.pact, now).is_some();
        let both_see_it = is_there(row.lower_id) && is_there(row.higher_id);
        let nudges = if hidden && both_see_it {
            // What either received stays his while the other is not there for him.
            received::keep(app, tx, &row, For::Both, true).await?
        } else {
            store::nudges_of_pact(tx, row.pact.id).await?
        };
        for viewer in [member, row.beside(member)] {
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

/// A member goes for good: what others received from him stays theirs. What was kept when he was hidden is kept; he may
/// have been hidden by an older program.
pub async fn purging(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    for row in store::open_of(tx, member).await? {
        let other = row.beside(member);
        received::keep(app, tx, &row, For::One(other), true).await?;
    }
    Ok(())
}

/// Closes pacts whose last day is over, proposals that nobody answered in time, and what was given for longer than was
/// agreed; and tells the phones that have them. Removes received words whose time is over, and encrypts what is in the
/// clear.
/// One slice; returns whether there is more.
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
    // What cannot be stopped now, because one of the two is hidden, waits for a later round.
    Ok(more || closed == CLOSED_AT_ONCE || (is_slice && stopped))
}

/// Takes back what a member gives, when he agreed to it until now and no longer. Returns whether there was something.
async fn stop_sharing(
    app: &App,
    id: PactId,
    member: MemberId,
    now: DateTime<Utc>,
) -> Result<bool, Fault> {
    transact!(app, |tx| {
        let Some(row) = held(tx, member, id).await? else {
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
        let both = (member, row.beside(member));
        consented(app, tx, both, Sharing::Nothing, until).await?;
        put(tx, &row);
        Ok(Done::Keep(true))
    })
}
