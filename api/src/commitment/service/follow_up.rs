//! Invites partners to ask how it went, on the day after.
//!
//! Each shared commitment has one indexed instant at which its partner is invited next. A worker takes due rows,
//! announces, and writes each row's next instant in one transaction. So any number of workers invite once per day, and
//! a crash invites for none or all. The cost depends on the number of due rows, not on the number of commitments.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use entity::commitment::{Entity, Model};
use entity::notification::{self, Kind};
use entity::{CommitmentId, MemberId, PeeringId};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{next_ask, store};
use crate::app::App;
use crate::commitment::model::{ASKED_FOR, Ask, Plan, asked_at};
use crate::days::calendar::DayTerms;
use crate::db::due;
use crate::error::Fault;
use crate::outbox::{self, Announcement};
use crate::transact;
use crate::tx::{Done, Tx};
use crate::{checkin, matching, profile};

/// The prefix of the dedup key of an invitation. The peering and the day follow.
const KEY: &str = "how_it_went:";

fn key(peering: PeeringId, day: NaiveDate) -> String {
    format!("{KEY}{peering}:{day}")
}

/// Returns the subject of a notification of [`Kind::AskHowItWent`].
pub fn asked_about(row: &notification::Model) -> Option<About> {
    let about = row.dedup_key.strip_prefix(KEY)?;
    let (peering, day) = about.split_once(':')?;
    let peering = peering.parse().ok().map(PeeringId)?;
    Some((peering, day.parse().ok()?, row.member_id))
}

/// Builds the invitation to ask about a day: one per day, however many commitments were due.
fn announcement(
    partner: MemberId,
    (peering, day): (PeeringId, NaiveDate),
    (not_before, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Announcement {
    Announcement {
        member: partner,
        kind: Kind::AskHowItWent,
        dedup_key: key(peering, day),
        subject: Some(peering.0),
        not_before,
        expires_at,
        caused_by: None,
    }
}

/// Returns whether a partner was invited to ask about a day.
pub(super) async fn can_ask_how_it_went(
    tx: &Tx,
    partner: MemberId,
    (peering, day): (PeeringId, NaiveDate),
) -> Result<bool, Fault> {
    outbox::has_heard(tx, partner, &key(peering, day)).await
}

/// Withdraws the invitation to ask about a day, because the partner now knows the answer.
pub(super) async fn knows_how_it_went(
    tx: &Tx,
    partner: MemberId,
    (peering, day): (PeeringId, NaiveDate),
) -> Result<(), Fault> {
    outbox::withdraw(tx, partner, &key(peering, day)).await
}

/// Returns when the next invitation is due.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    due::next_due::<Entity>(app.db.pool()).await
}

/// Processes one batch of commitments with a due invitation. Returns the number of rows taken.
pub async fn run_due(app: &App) -> Result<usize, Fault> {
    let limit = app.config.worker.reminder_batch;
    let taken = transact!(app, |tx| {
        let due = due::take_due::<Entity>(tx, app.clock.now(), limit).await?;
        let taken = due.len();
        if taken > 0 {
            process_due(app, tx, due).await?;
            tx.wake();
        }
        Ok(Done::Keep(taken))
    })?;
    metrics::counter!("belay_asks_taken_total").increment(taken as u64);
    Ok(taken)
}

async fn process_due(app: &App, tx: &Tx, due: Vec<Model>) -> Result<(), Fault> {
    let now = app.clock.now();
    let peerings: Vec<PeeringId> = due.iter().filter_map(|row| row.peering_id).collect();
    let pairs = matching::service::between(tx, &peerings).await?;
    let owners: Vec<MemberId> = due.iter().map(|row| row.member_id).collect();
    let contexts = profile::service::contexts(tx, &owners).await?;
    let days = due
        .iter()
        .filter_map(|row| Some((row.next_ask_on?, row.member_id)));
    let paused = paused(tx, days).await?;
    let plans = store::plans(now, tx, due.iter()).await?;
    let mut asks: BTreeMap<About, (DateTime<Utc>, DateTime<Utc>)> = BTreeMap::new();
    let mut rows = Vec::new();
    for (mut row, plan) in due.into_iter().zip(plans) {
        let who = contexts
            .get(&row.member_id)
            .ok_or(Fault::Broken("each commitment belongs to a member"))?;
        let pair = row.peering_id.and_then(|id| Some((id, pairs.get(&id)?)));
        if let (Some((peering, pair)), Some(day), Some(at)) =
            (pair, row.next_ask_on, row.next_ask_at)
        {
            let until = at + ASKED_FOR;
            let is_asked = plan.is_asked_about(day) && !paused.contains(&(day, row.member_id));
            // After an outage nobody is invited to ask about days that are long past.
            if is_asked && now < until {
                let about = (peering, day, pair.partner_of(row.member_id));
                // One invitation per day, however much was due. Rows come by ascending instant, so the earliest counts.
                asks.entry(about).or_insert((at, until));
            }
        }
        let ask = after(&row, &plan, who.terms, now);
        row.next_ask_on = ask.map(|ask| ask.on);
        row.next_ask_at = ask.map(|ask| ask.at);
        rows.push(row);
    }
    due::put_all::<Entity>(tx, rows).await?;
    let announcements: Vec<_> = asks
        .into_iter()
        .map(|((peering, day, partner), at)| announcement(partner, (peering, day), at))
        .collect();
    outbox::announce_all(app, tx, &announcements).await
}

/// Returns the invitation after the one that was due. While one of the two members is hidden, days pass without an
/// invitation. Invitations resume once both are visible again.
fn after(row: &Model, plan: &Plan, terms: DayTerms, now: DateTime<Utc>) -> Option<Ask> {
    row.peering_id?;
    let next = row.next_ask_on?.succ_opt()?;
    plan.next_ask(next, terms, now - ASKED_FOR)
}

/// Returns which of the given days lie in a pause of their member, in one statement per distinct day.
async fn paused(
    db: &impl ConnectionTrait,
    days: impl Iterator<Item = (NaiveDate, MemberId)>,
) -> Result<HashSet<(NaiveDate, MemberId)>, Fault> {
    let mut members: HashMap<NaiveDate, Vec<MemberId>> = HashMap::new();
    for (day, member) in days {
        members.entry(day).or_default().push(member);
    }
    let mut paused = HashSet::new();
    for (day, members) in members {
        let found = checkin::service::who_has_paused_on(db, &members, day).await?;
        paused.extend(found.into_iter().map(|member| (day, member)));
    }
    Ok(paused)
}

/// Recomputes a member's invitations after a change of their time zone or day start: partners are invited when it is
/// ten in the new zone. The member must be locked.
pub async fn terms_changed(
    app: &App,
    tx: &Tx,
    member: MemberId,
    terms: DayTerms,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let mut rows = store::asks_of(tx, member).await?;
    let plans = store::plans(now, tx, rows.iter()).await?;
    for (row, plan) in rows.iter_mut().zip(plans) {
        let ask = next_ask(row, &plan, terms, now);
        row.next_ask_on = ask.map(|ask| ask.on);
        row.next_ask_at = ask.map(|ask| ask.at);
    }
    due::put_all::<Entity>(tx, rows).await
}

/// Recomputes the instants of invitations after a change of time zone rules, for up to `limit` commitments after
/// `after`. Returns the last of them, or `None` if there are no more. The days in question stay the same.
pub async fn rules_changed(
    app: &App,
    tx: &Tx,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Option<Uuid>, Fault> {
    let now = app.clock.now();
    let rows = store::asks_behind(tx, after.map(CommitmentId), limit).await?;
    let last = rows.last().map(|row| row.id.0);
    let owners: Vec<MemberId> = rows.iter().map(|row| row.member_id).collect();
    let who = profile::service::contexts(tx, &owners).await?;
    let moved = rows.into_iter().filter_map(|row| {
        let terms = who.get(&row.member_id)?.terms;
        // An invitation that is already due goes out as planned.
        let due = row.next_ask_at.filter(|due| *due > now)?;
        let anew = asked_at(row.next_ask_on?, terms);
        (anew != due).then_some(Model {
            next_ask_at: Some(anew),
            ..row
        })
    });
    let moved: Vec<Model> = moved.collect();
    metrics::counter!("belay_zone_data_moved_total", "kind" => "ask").increment(moved.len() as u64);
    due::put_all::<Entity>(tx, moved).await?;
    Ok(last)
}

/// The subject of an invitation: the peering, the owner's day, and the partner who is invited. A partner is invited
/// once for a day, however much was due on it.
pub type About = (PeeringId, NaiveDate, MemberId);

/// Returns the given subjects that still need a question, and whether the owner has answered everything that was due.
/// Uses two statements, and one more per distinct day. A subject is left out if everything was carried over, lay in a
/// pause, or is not visible to this partner.
pub async fn open_questions(
    db: &impl ConnectionTrait,
    asked: &[About],
    now: DateTime<Utc>,
) -> Result<HashMap<About, bool>, Fault> {
    if asked.is_empty() {
        return Ok(HashMap::new());
    }
    let peerings: Vec<PeeringId> = asked.iter().map(|about| about.0).collect();
    let rows = store::shared_in(db, &peerings).await?;
    let plans = store::plans(now, db, rows.iter().map(|row| &row.commitment)).await?;
    let shared: Vec<_> = rows.iter().zip(&plans).collect();
    let of = |about: &About| {
        let (peering, _, partner) = *about;
        let his = move |row: &store::Shared| {
            row.commitment.peering_id == Some(peering) && row.partner() == partner
        };
        shared.iter().filter(move |(row, _)| his(row))
    };
    let owner = |about: &About| Some((about.1, of(about).next()?.0.commitment.member_id));
    let paused = paused(db, asked.iter().filter_map(owner)).await?;
    let questions = asked.iter().filter_map(|about| {
        let (_, day, _) = *about;
        let due = of(about).filter(|(row, plan)| {
            plan.is_asked_about(day) && !paused.contains(&(day, row.commitment.member_id))
        });
        let answered: Vec<bool> = due
            .map(|(_, plan)| plan.kept(day).answer.is_some())
            .collect();
        let all = answered.iter().all(|is| *is);
        (!answered.is_empty()).then_some((*about, all))
    });
    Ok(questions.collect())
}
