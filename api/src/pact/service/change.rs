//! Changing what one gives, and how long a pact goes on.

use chrono::NaiveDate;
use entity::{MemberId, PactId};

use super::agree::end_of;
use super::{consented, held, put, received, store, tell};
use crate::app::App;
use crate::bus::Activity;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::pact::model::{self, NudgeStyle, Sharing, Side, Terms};

/// What is to be changed of one's own side; none leaves it alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// What the other may see.
    pub sharing: Option<Sharing>,
    /// In which manner he likes to be nudged.
    pub style: Option<NudgeStyle>,
    /// The same in his words; the inner none takes them away.
    pub wish: Option<Option<Opened>>,
    /// Whether the other may wake him.
    pub can_be_woken: Option<bool>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Updated {
    /// It is as it was asked to be.
    AsAsked,
    /// There is no such pact for him, or he has no side in it so far.
    NotFound,
    /// Somebody changed it after the version that was expected.
    Stale,
}

/// Changes what one gives and likes, at once. The other side is as it was.
pub async fn update_side(
    app: &App,
    me: MemberId,
    id: PactId,
    patch: &Patch,
    expected_version: Option<i32>,
) -> Result<Updated, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let row = held(tx, me, id).await?;
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
            return Ok(Done::Undo(Updated::AsAsked));
        }
        if expected_version.is_some_and(|expected| expected != row.pact.version) {
            return Ok(Done::Undo(Updated::Stale));
        }
        let sharing = terms.sharing;
        let anew = sharing != before.terms.sharing;
        // What he agrees to now he agrees to for as long as the pact goes on.
        let until = if anew { row.pact.ends_at } else { side.until };
        let other = row.beside(me);
        let sees_it = model::shown(other, &row.pact, now).is_some();
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
        Ok(Done::Keep(Updated::AsAsked))
    })
}

/// What became of another last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The pact goes on until then.
    AsAsked,
    /// There is no such pact for him that goes on.
    NotFound,
    /// The day is over, or too far off.
    OtherEnd,
}

/// Gives a pact that goes on another last day, or none. Who asks agrees to give what he gives until then; the other
/// gives what he gives for as long as he agreed to.
pub async fn renew(
    app: &App,
    me: MemberId,
    id: PactId,
    ends_on: Option<NaiveDate>,
) -> Result<Renewed, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let row = held(tx, me, id).await?;
        let row = row.filter(|row| model::is_active(&row.pact, now));
        let Some(row) = row else {
            return Ok(Done::Undo(Renewed::NotFound));
        };
        let other = row.beside(me);
        let Some(ends_at) = end_of(app, tx, me, other, ends_on).await? else {
            return Ok(Done::Undo(Renewed::OtherEnd));
        };
        let side = store::side_of(app, tx, id, me).await?;
        let agreed = side.is_some_and(|side| side.until == ends_at);
        if agreed && row.pact.ends_on == ends_on && row.pact.ends_at == ends_at {
            return Ok(Done::Undo(Renewed::AsAsked));
        }
        store::put_end(tx, id, ends_on, ends_at).await?;
        store::set_agreed_until(tx, id, me, ends_at).await?;
        put(tx, &row);
        tell(tx, (me, other), Activity::PactChanged, id.0);
        Ok(Done::Keep(Renewed::AsAsked))
    })
}
