//! Meaning to do something.

use chrono::{DateTime, Utc};
use entity::commitment::Model;
use entity::{CommitmentId, MemberId, PeeringId};

use super::{changed, store};
use crate::app::App;
use crate::commitment::model::{MOST_OPEN, Plan, When, can_be_due_on, starts_on};
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::{matching, profile};

/// Something he means to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    /// Its id, made by the app.
    pub id: CommitmentId,
    /// In his words.
    pub words: String,
    /// When.
    pub when: When,
    /// With the partner who is to see it.
    pub peering: Option<PeeringId>,
    /// When he made it, by the phone's clock; now, if it did not say.
    pub made_at: Option<DateTime<Utc>>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It is there.
    AsAsked,
    /// He has no such partner.
    NoPartner,
    /// Its day is too far back, or too far off.
    OtherDay,
    /// He has as many that are not over as he may.
    TooMany,
    /// The id was sent before with another content, by him or by another.
    Conflict,
}

/// Makes a commitment. Every week it is due from the day on which he made it: who says Mondays on a Monday means this
/// one, too.
pub async fn make(app: &App, me: MemberId, new: &New) -> Result<Made, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let partner = match new.peering {
            Some(peering) => matching::service::hold_partner(tx, me, peering).await?,
            None => None,
        };
        if partner.is_none() {
            profile::service::hold(tx, &[me]).await?;
        }
        // Also when he is his partner no longer: it was made all the same.
        if let Some(there) = store::sent_before(tx, new.id).await? {
            let outcome = if is_same(app, me, new, &there)? {
                Made::AsAsked
            } else {
                Made::Conflict
            };
            return Ok(Done::Undo(outcome));
        }
        if new.peering.is_some() && partner.is_none() {
            return Ok(Done::Undo(Made::NoPartner));
        }
        let terms = profile::service::day_terms(tx, me).await?;
        let today = terms.day(now);
        let (due_on, weekdays) = match new.when {
            When::Once(day) if !can_be_due_on(day, today) => {
                return Ok(Done::Undo(Made::OtherDay));
            }
            When::Once(day) => (Some(day), None),
            When::Weekly(weekdays) => (None, Some(i32::from(weekdays.mask()))),
        };
        if store::count_open(tx, me).await? >= MOST_OPEN {
            return Ok(Done::Undo(Made::TooMany));
        }
        let starts_on = starts_on(new.made_at, terms, now);
        let plan = Plan {
            when: new.when,
            from: starts_on,
            until: None,
            kept: std::collections::BTreeMap::new(),
        };
        let first = due_on.map_or(starts_on, |day| day.min(today));
        let ask = partner.and_then(|_| plan.next_ask(first, terms, now));
        let mut row = Model {
            id: new.id,
            member_id: me,
            words: Vec::new(),
            due_on,
            weekdays,
            starts_on,
            peering_id: new.peering,
            seen_since: None,
            next_ask_on: ask.map(|ask| ask.on),
            next_ask_at: ask.map(|ask| ask.at),
            version: 1,
            created_at: now,
            ended_on: None,
            ended_at: None,
        };
        row.words = store::sealed(app, &row, &new.words.clone().into())?;
        if !store::insert(tx, row).await? {
            // Sent at the same moment by somebody else.
            return Ok(Done::Undo(Made::Conflict));
        }
        changed(tx, (me, partner), new.id);
        Ok(Done::Keep(Made::AsAsked))
    })
}

/// Whether what is there is his, with the same content. What was changed since says no more what it was made with; when
/// it is due is never changed.
fn is_same(app: &App, me: MemberId, new: &New, there: &Model) -> Result<bool, Fault> {
    if there.member_id != me || store::when(there)? != new.when {
        return Ok(false);
    }
    let changed = there.version > 1 || (there.peering_id.is_none() && new.peering.is_some());
    let same_words = store::opened(app, there).may_be(&new.words);
    Ok(changed || (same_words && there.peering_id == new.peering))
}
