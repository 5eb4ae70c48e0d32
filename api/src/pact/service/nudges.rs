//! Sending and answering nudges.

use chrono::TimeDelta;
use entity::notification::Kind;
use entity::pact_nudge::Answer;
use entity::{MemberId, PactNudgeId};

use super::{announcement, load_locked, store, tell};
use crate::app::App;
use crate::bus::Activity;
use crate::error::Fault;
use crate::fact::Fact;
use crate::pact::model::{self, Moment};
use crate::pact::store::NewNudge;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::{checkin, outbox, profile};

/// How long the push of a nudge is worth sending: a nudge is for now.
const FRESH_FOR: TimeDelta = TimeDelta::hours(4);
/// How long the push of an answer is worth sending: it may wait for the morning.
const ANSWER_FRESH_FOR: TimeDelta = TimeDelta::hours(24);

/// The outcome of [`send_nudge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NudgeSent {
    /// The nudge was sent.
    Succeeded,
    /// The caller has no such active pact.
    NotFound,
    /// The partner cannot be nudged now, for a reason that the caller does not learn.
    NotNow,
    /// The id is taken by another nudge.
    Conflict,
}

fn received_key(id: PactNudgeId) -> String {
    format!("pact_nudge_received:{id}")
}

/// Nudges a partner, if he can be nudged now. Always runs all checks, so that the response time does not reveal why a
/// nudge was refused.
pub async fn send_nudge(app: &App, me: MemberId, new: &NewNudge) -> Result<NudgeSent, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let row = load_locked(tx, me, new.pact).await?;
        let row = row.filter(|row| model::is_active(&row.pact, now));
        let Some(row) = row else {
            return Ok(Done::Undo(NudgeSent::NotFound));
        };
        if let Some(there) = store::nudge_sent_before(app, tx, me, new.id).await? {
            let is_same = |there: &NewNudge| {
                there.id == new.id && there.pact == new.pact && there.content.may_be(&new.content)
            };
            let outcome = if there.as_ref().is_some_and(is_same) {
                NudgeSent::Succeeded
            } else {
                NudgeSent::Conflict
            };
            return Ok(Done::Undo(outcome));
        }
        let other = row.partner_of(me);
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
            // Another member used the same id in a concurrent transaction.
            return Ok(Done::Undo(NudgeSent::Conflict));
        }
        let (key, until) = (received_key(new.id), (now, now + FRESH_FOR));
        let what = announcement((me, other), Kind::PactNudgeReceived, key, new.id.0, until);
        outbox::announce(app, tx, &what).await?;
        for member in [me, other] {
            tx.put(member, new.id);
        }
        tell(tx, (me, other), Activity::NudgeReceived, new.id.0);
        Ok(Done::Keep(NudgeSent::Succeeded))
    })
}

async fn is_quiet(app: &App, tx: &Tx, member: MemberId) -> Result<bool, Fault> {
    let contexts = profile::service::contexts(tx, &[member]).await?;
    let now = app.clock.now();
    let context = contexts.get(&member);
    Ok(context.is_none_or(|who| who.quiet.over_at(who.terms.zone, now).is_some()))
}

/// The outcome of [`answer_nudge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NudgeAnswered {
    /// The answer is stored.
    Succeeded,
    /// No such nudge is visible to the caller.
    NotFound,
    /// The caller sent it himself.
    OwnNudge,
    /// The caller answered it differently before.
    Conflict,
}

/// Answers a nudge. An answer cannot be changed. Idempotent: the same answer again changes nothing.
pub async fn answer_nudge(
    app: &App,
    me: MemberId,
    id: PactNudgeId,
    answer: Answer,
) -> Result<NudgeAnswered, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        // The first read only finds the two members. The nudge is read again once they are locked.
        let Some((_, from, to)) = store::nudge_of(app, tx, me, now, id).await? else {
            return Ok(Done::Undo(NudgeAnswered::NotFound));
        };
        if from == me {
            return Ok(Done::Undo(NudgeAnswered::OwnNudge));
        }
        profile::service::lock_members(tx, &[from, to]).await?;
        let Some((nudge, ..)) = store::nudge_of(app, tx, me, now, id).await? else {
            return Ok(Done::Undo(NudgeAnswered::NotFound));
        };
        if let Some(stands) = nudge.answer {
            let outcome = if stands == answer {
                NudgeAnswered::Succeeded
            } else {
                NudgeAnswered::Conflict
            };
            return Ok(Done::Undo(outcome));
        }
        if !store::answer_nudge(tx, id, answer, now).await? {
            return Err(Fault::Broken("a nudge that is locked is answered once"));
        }
        outbox::withdraw(tx, me, &received_key(id)).await?;
        if answer == Answer::AllRight {
            let fact = Fact::ShowedUp {
                member: me,
                days: None,
            };
            app.follow(tx, fact).await?;
        }
        let key = format!("pact_nudge_answered:{id}");
        let until = (now, now + ANSWER_FRESH_FOR);
        let what = announcement((me, from), Kind::PactNudgeAnswered, key, id.0, until);
        outbox::announce(app, tx, &what).await?;
        for member in [from, to] {
            tx.put(member, id);
        }
        tell(tx, (me, from), Activity::NudgeAnswered, id.0);
        Ok(Done::Keep(NudgeAnswered::Succeeded))
    })
}
