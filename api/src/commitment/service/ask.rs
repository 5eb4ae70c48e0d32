//! Asking a partner to ask how it went, the day after.
//!
//! Each commitment that a partner sees has one indexed instant at which he is asked next. A claim takes those due,
//! announces, and writes each one's next, in one transaction: any number of workers ask of each day once, and a crash
//! asks of none or all. What it costs follows those due, not the commitments there are.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use entity::commitment::Model;
use entity::{CommitmentId, MemberId, PeeringId};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{next_ask, store};
use crate::app::App;
use crate::commitment::model::{ASKED_FOR, Ask, Plan, asked_at};
use crate::days::calendar::DayTerms;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::{checkin, matching, nudge, profile};

/// When the next partner is to be asked.
pub async fn next_due(app: &App) -> Result<Option<DateTime<Utc>>, Fault> {
    store::next_due(app.db.pool()).await
}

/// Takes one batch of commitments whose partner is to be asked. Returns how many there were.
pub async fn run_due(app: &App) -> Result<usize, Fault> {
    let limit = app.config.worker.reminder_batch;
    let taken = transact!(app, |tx| {
        let due = store::take_due(tx, app.clock.now(), limit).await?;
        let taken = due.len();
        if taken > 0 {
            put_on(app, tx, due).await?;
            tx.wake();
        }
        Ok(Done::Keep(taken))
    })?;
    metrics::counter!("belay_asks_taken_total").increment(taken as u64);
    Ok(taken)
}

async fn put_on(app: &App, tx: &Tx, due: Vec<Model>) -> Result<(), Fault> {
    let now = app.clock.now();
    let peerings: Vec<PeeringId> = due.iter().filter_map(|row| row.peering_id).collect();
    let pairs = matching::service::between(tx, &peerings).await?;
    let owners: Vec<MemberId> = due.iter().map(|row| row.member_id).collect();
    let standings = profile::service::standings(tx, &owners).await?;
    let days = due
        .iter()
        .filter_map(|row| Some((row.next_ask_on?, row.member_id)));
    let paused = paused(tx, days).await?;
    let plans = store::plans(now, tx, due.iter()).await?;
    let mut asks: BTreeMap<About, (DateTime<Utc>, DateTime<Utc>)> = BTreeMap::new();
    let mut rows = Vec::new();
    for (mut row, plan) in due.into_iter().zip(plans) {
        let who = standings
            .get(&row.member_id)
            .ok_or(Fault::Broken("whoever means to do something is a member"))?;
        let pair = row.peering_id.and_then(|id| Some((id, pairs.get(&id)?)));
        if let (Some((peering, pair)), Some(day), Some(at)) =
            (pair, row.next_ask_on, row.next_ask_at)
        {
            let until = at + ASKED_FOR;
            let is_asked = plan.is_asked_about(day) && !paused.contains(&(day, row.member_id));
            // After an outage nobody is asked about days that are long past.
            if is_asked && now < until {
                let about = (peering, day, pair.beside(row.member_id));
                asks.entry(about).or_insert((at, until));
            }
        }
        let ask = after(&row, &plan, who.terms, now);
        row.next_ask_on = ask.map(|ask| ask.on);
        row.next_ask_at = ask.map(|ask| ask.at);
        rows.push(row);
    }
    store::put_asks(tx, rows).await?;
    let announcements: Vec<_> = asks
        .into_iter()
        .map(|((peering, day, partner), at)| {
            nudge::service::how_it_went(partner, (peering, day), at)
        })
        .collect();
    nudge::service::announce_all(app, tx, &announcements).await
}

/// What comes behind the day that was asked about. While one of the two is hidden the days go by, and it goes on when
/// he is back.
fn after(row: &Model, plan: &Plan, terms: DayTerms, now: DateTime<Utc>) -> Option<Ask> {
    row.peering_id?;
    let next = row.next_ask_on?.succ_opt()?;
    plan.next_ask(next, terms, now - ASKED_FOR)
}

/// Which of these days lie in a pause of theirs, in one statement for each day among them.
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

/// A member's days are in other terms from now on: his partners are asked when it is ten where he is now. He is held.
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
    store::put_asks(tx, rows).await
}

/// Clocks go by other rules from now on: works out anew when partners are asked about up to `limit` commitments behind
/// `after`. Returns the last of them, or `None` if there are no more. The days they are asked about stay.
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
    let who = profile::service::standings(tx, &owners).await?;
    let moved = rows.into_iter().filter_map(|row| {
        let terms = who.get(&row.member_id)?.terms;
        let due = row.next_ask_at.filter(|due| *due > now)?;
        let anew = asked_at(row.next_ask_on?, terms);
        (anew != due).then_some(Model {
            next_ask_at: Some(anew),
            ..row
        })
    });
    let moved: Vec<Model> = moved.collect();
    metrics::counter!("belay_zone_data_moved_total", "kind" => "ask").increment(moved.len() as u64);
    store::put_asks(tx, moved).await?;
    Ok(last)
}

/// What a partner was asked about: a day of the other man's, by the peering of the two, and who he is. However much was
/// due on it, he is asked once.
pub type About = (PeeringId, NaiveDate, MemberId);

/// Which of these are still to be asked about, and whether the man has said how all of it went; in two statements, and
/// one for each day among them. Of those that are left out everything was carried over, lay in a pause, or is nothing
/// that this partner sees.
pub async fn standing(
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
    let standing = asked.iter().filter_map(|about| {
        let (_, day, _) = *about;
        let standing = of(about).filter(|(row, plan)| {
            plan.is_asked_about(day) && !paused.contains(&(day, row.commitment.member_id))
        });
        let answered: Vec<bool> = standing
            .map(|(_, plan)| plan.kept(day).answer.is_some())
            .collect();
        let all = answered.iter().all(|is| *is);
        (!answered.is_empty()).then_some((*about, all))
    });
    Ok(standing.collect())
}
