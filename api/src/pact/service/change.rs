//! Changing one's side of a pact, and its last day.

use chrono::NaiveDate;
use entity::{MemberId, PactId};

use super::agree::end_of;
use super::{consented, load_locked, put, received, store, tell};
use crate::app::App;
use crate::bus::Activity;
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::pact::model::{self, NudgeStyle, Sharing, Side, Terms};
use crate::transact;
use crate::tx::Done;

/// A change to a member's own side. `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// What the partner may see.
    pub sharing: Option<Sharing>,
    /// The tone in which he likes to be nudged.
    pub style: Option<NudgeStyle>,
    /// How he likes to be nudged, in his own words; `Some(None)` removes them.
    pub wish: Option<Option<Opened>>,
    /// Whether the partner may wake him in his quiet hours.
    pub can_be_woken: Option<bool>,
}

/// The outcome of [`update_side`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// The side is as requested.
    Succeeded,
    /// No such pact is visible to the caller, or he has no side in it so far.
    NotFound,
    /// The pact is no longer at the expected version.
    Stale,
}

/// Changes a member's own side, with immediate effect. The partner's side does not change.
pub async fn update_side(
    app: &App,
    me: MemberId,
    id: PactId,
    patch: &Patch,
    expected_version: Option<i32>,
) -> Result<Updated, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let row = load_locked(tx, me, id).await?;
        let row = row.filter(|row| model::shown(me, &row.pact, now).is_some());
        let Some(row) = row else {
            return Ok(Done::Undo(Updated::NotFound));
        };
        let Some(side) = store::side_of(app, tx, id, me).await? else {
            return Ok(Done::Undo(Updated::NotFound));
        };
        let before = side.effective(now);
        let terms = Terms {
            sharing: patch.sharing.unwrap_or(before.terms.sharing),
            style: patch.style.unwrap_or(before.terms.style),
            wish: patch.wish.clone().unwrap_or(before.terms.wish.clone()),
            can_be_woken: patch.can_be_woken.unwrap_or(before.terms.can_be_woken),
        };
        if terms == before.terms {
            return Ok(Done::Undo(Updated::Succeeded));
        }
        if expected_version.is_some_and(|expected| expected != row.pact.version) {
            return Ok(Done::Undo(Updated::Stale));
        }
        let sharing = terms.sharing;
        let anew = sharing != before.terms.sharing;
        // A new level of sharing is agreed to for as long as the pact lasts.
        let until = if anew { row.pact.ends_at } else { side.until };
        let other = row.partner_of(me);
        let sees_it = model::shown(other, &row.pact, now).is_some();
        // The partner keeps the earlier wish among his received words.
        if sees_it && terms.wish != before.terms.wish {
            received::keep_wish(app, tx, &row, me).await?;
        }
        store::put_side(app, tx, (id, me), &Side { terms, until }, now).await?;
        store::bump(tx, id).await?;
        if anew && model::is_active(&row.pact, now) {
            consented(app, tx, (me, other), sharing, now).await?;
        }
        put(tx, &row);
        if sees_it {
            tell(tx, (me, other), Activity::PactChanged, id.0);
        }
        Ok(Done::Keep(Updated::Succeeded))
    })
}

/// The outcome of [`renew`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The pact has this last day.
    Succeeded,
    /// The caller has no such active pact.
    NotFound,
    /// The day is over, or too far ahead.
    OtherEnd,
}

/// Changes or removes the last day of an active pact. The caller agrees to share what he shares until then. The partner
/// shares for as long as he agreed to.
pub async fn renew(
    app: &App,
    me: MemberId,
    id: PactId,
    ends_on: Option<NaiveDate>,
) -> Result<Renewed, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let row = load_locked(tx, me, id).await?;
        let row = row.filter(|row| model::is_active(&row.pact, now));
        let Some(row) = row else {
            return Ok(Done::Undo(Renewed::NotFound));
        };
        let other = row.partner_of(me);
        let Some(ends_at) = end_of(app, tx, me, other, ends_on).await? else {
            return Ok(Done::Undo(Renewed::OtherEnd));
        };
        let side = store::side_of(app, tx, id, me).await?;
        let agreed = side.is_some_and(|side| side.until == ends_at);
        if agreed && row.pact.ends_on == ends_on && row.pact.ends_at == ends_at {
            return Ok(Done::Undo(Renewed::Succeeded));
        }
        store::put_end(tx, id, ends_on, ends_at).await?;
        store::set_agreed_until(tx, id, me, ends_at).await?;
        put(tx, &row);
        tell(tx, (me, other), Activity::PactChanged, id.0);
        Ok(Done::Keep(Renewed::Succeeded))
    })
}
