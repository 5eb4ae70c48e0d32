//! Nudging a partner, and answering with one tap.

use chrono::TimeDelta;
use entity::notification::Kind;
use entity::pact_nudge::Answer;
use entity::{MemberId, PactNudgeId};

use super::{held, store, tell, told};
use crate::app::App;
use crate::bus::Activity;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::fact::Fact;
use crate::pact::model::{self, Moment};
use crate::pact::store::NewNudge;
use crate::{checkin, nudge, profile};

/// A nudge is for now: after so long it is not pushed any more.
const FRESH_FOR: TimeDelta = TimeDelta::hours(4);
/// An answer may wait for the morning.
const ANSWER_FRESH_FOR: TimeDelta = TimeDelta::hours(24);

/// What became of a nudge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NudgeSent {
    /// It is there for him.
    AsAsked,
    /// There is no such pact for him that goes on.
    NotFound,
    /// It is no good moment, for whatever reason.
    NotNow,
    /// The id was sent before with another content.
    Conflict,
}

fn received_key(id: PactNudgeId) -> String {
    format!("pact_nudge_received:{id}")
}

/// Nudges a partner, if it is a good moment. What is asked of the database does not depend on whether it is.
pub async fn send_nudge(app: &App, me: MemberId, new: &NewNudge) -> Result<NudgeSent, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let row = held(tx, me, new.pact).await?;
        let row = row.filter(|row| model::is_active(&row.pact, now));
        let Some(row) = row else {
            return Ok(Done::Undo(NudgeSent::NotFound));
        };
        if let Some(there) = store::nudge_sent_before(app, tx, me, new.id).await? {
            let is_same = |there: &NewNudge| {
                there.id == new.id && there.pact == new.pact && there.said.may_be(&new.said)
            };
            let outcome = if there.as_ref().is_some_and(is_same) {
                NudgeSent::AsAsked
            } else {
                NudgeSent::Conflict
            };
            return Ok(Done::Undo(outcome));
        }
        let other = row.beside(me);
        let day = checkin::service::member_day_now(app, tx, other).await?;
        let moment = Moment {
            quiet: is_quiet(app, tx, other).await?,
            wants_none: checkin::service::wants_no_nudge_today(app, tx, other).await?,
            sent_today: store::count_today(tx, me, other, day).await?,
        };
        if !model::is_good(moment) {
            return Ok(Done::Undo(NudgeSent::NotNow));
        }
        if !store::insert_nudge(app, tx, new, (me, other), day, now).await? {
            // Sent at the same moment by somebody else.
            return Ok(Done::Undo(NudgeSent::Conflict));
        }
        let (key, until) = (received_key(new.id), (now, now + FRESH_FOR));
        let what = told((me, other), Kind::PactNudgeReceived, key, new.id.0, until);
        nudge::service::announce(app, tx, &what).await?;
        for member in [me, other] {
            tx.put(member, new.id);
        }
        tell(tx, (me, other), Activity::NudgeReceived, new.id.0);
        Ok(Done::Keep(NudgeSent::AsAsked))
    })
}

async fn is_quiet(app: &App, tx: &Tx, member: MemberId) -> Result<bool, Fault> {
    let standings = profile::service::standings(tx, &[member]).await?;
    let now = app.clock.now();
    let standing = standings.get(&member);
    Ok(standing.is_none_or(|who| who.quiet.over_at(who.terms.zone, now).is_some()))
}

/// What became of an answer to a nudge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NudgeAnswered {
    /// It stands.
    AsAsked,
    /// There is no such nudge for him.
    NotFound,
    /// It was he who sent it.
    OwnNudge,
    /// He gave another answer before.
    Conflict,
}

/// Answers a nudge, once.
pub async fn answer_nudge(
    app: &App,
    me: MemberId,
    id: PactNudgeId,
    answer: Answer,
) -> Result<NudgeAnswered, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some((_, from, to)) = store::nudge_of(app, tx, me, now, id).await? else {
            return Ok(Done::Undo(NudgeAnswered::NotFound));
        };
        if from == me {
            return Ok(Done::Undo(NudgeAnswered::OwnNudge));
        }
        profile::service::hold(tx, &[from, to]).await?;
        let Some((nudge, ..)) = store::nudge_of(app, tx, me, now, id).await? else {
            return Ok(Done::Undo(NudgeAnswered::NotFound));
        };
        if let Some(stands) = nudge.answer {
            let outcome = if stands == answer {
                NudgeAnswered::AsAsked
            } else {
                NudgeAnswered::Conflict
            };
            return Ok(Done::Undo(outcome));
        }
        if !store::answer_nudge(tx, id, answer, now).await? {
            return Err(Fault::Broken("a nudge that is held is answered once"));
        }
        nudge::service::withdraw(tx, me, &received_key(id)).await?;
        if answer == Answer::AllRight {
            app.follow(tx, Fact::ShowedUp { member: me }).await?;
        }
        let key = format!("pact_nudge_answered:{id}");
        let until = (now, now + ANSWER_FRESH_FOR);
        let what = told((me, from), Kind::PactNudgeAnswered, key, id.0, until);
        nudge::service::announce(app, tx, &what).await?;
        for member in [from, to] {
            tx.put(member, id);
        }
        tell(tx, (me, from), Activity::NudgeAnswered, id.0);
        Ok(Done::Keep(NudgeAnswered::AsAsked))
    })
}
