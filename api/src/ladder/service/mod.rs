//! Operations on ladders, for members and for other domains.

mod answer;
mod escalate;
mod reset;
mod ties;
mod write;

pub use answer::{Answered, answer};
pub use escalate::{next_due, run_due};
pub use reset::{all_right, days_changed, is_here, rules_changed, wake_those_that_tell};
pub use ties::{end_of_peering, no_longer_runs, out_of_circle};
pub use write::{Written, preview, write};

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use entity::consent::Purpose;
use entity::ladder::Model;
use entity::notification::Kind as NotificationKind;
use entity::{MemberId, RungId, TellingId};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::{Ladder, Rung, Telling, UpcomingStep, word};
use super::schedule::Quiet;
use super::store;
use crate::app::App;
use crate::consent::service::Given;
use crate::days::MemberDays;
use crate::error::Fault;
use crate::keys::sha256;
use crate::outbox::{self, Announcement};
use crate::page::Page;
use crate::profile::model::Profile;
use crate::tx::Tx;
use crate::viewer::Viewer;
use crate::{checkin, consent, profile};

pub use store::{LADDER_LOG, LADDER_REQUESTS, TELLINGS};

/// How long notifications of a ladder are pushed, and how long a request for consent is.
const FRESH_FOR: TimeDelta = TimeDelta::days(3);
const ASKED_FOR: TimeDelta = TimeDelta::days(7);

fn quiet<'a>(days: MemberDays<'a>, row: &Model) -> Quiet<'a> {
    Quiet {
        plan: days.plan,
        calendar: days.calendar,
        counts_from: row.counts_from,
        local_time: row.local_time,
    }
}

fn steps(quiet: &Quiet<'_>, rungs: &[Rung], now: DateTime<Utc>) -> Vec<UpcomingStep> {
    let waiting: Vec<_> = rungs
        .iter()
        .map(|rung| rung.waiting(rung.is_agreed()))
        .collect();
    let times = quiet.times(&waiting, now).into_iter();
    let step = |(kind, at)| {
        let rung = rungs.iter().find(|rung| rung.kind == kind)?;
        Some(UpcomingStep {
            kind,
            at,
            told: rung.told.map(|(member, _)| member),
            agreed: rung.is_agreed(),
        })
    };
    times.filter_map(step).collect()
}

/// Returns a member's ladder, its next steps, and the profiles of its recipients that the member can see. Returns
/// `None` if the ladder has no rungs. Uses four statements.
pub async fn ladder(
    app: &App,
    viewer: Viewer,
) -> Result<Option<(Ladder, HashMap<MemberId, Profile>)>, Fault> {
    let db = app.db.pool();
    let Some(member) = viewer.member() else {
        return Ok(None);
    };
    let Some(row) = store::of_member(db, member).await? else {
        return Ok(None);
    };
    let rungs = store::rungs_of(app, db, &[member]).await?;
    if rungs.is_empty() {
        return Ok(None);
    }
    let loaded = checkin::service::load_days(db, member).await?;
    let profiles = recipients_of(app, viewer, &rungs).await?;
    let ladder = Ladder {
        local_time: row.local_time,
        steps: steps(&quiet(loaded.days(), &row), &rungs, app.clock.now()),
        rungs,
        version: row.version,
    };
    Ok(Some((ladder, profiles)))
}

/// The next steps, and the profiles of the recipients that the member can see.
pub type Preview = (Vec<UpcomingStep>, HashMap<MemberId, Profile>);

/// Returns the profiles of the rungs' recipients that the viewer can see.
async fn recipients_of(
    app: &App,
    viewer: Viewer,
    rungs: &[Rung],
) -> Result<HashMap<MemberId, Profile>, Fault> {
    let told = rungs.iter().filter_map(|rung| rung.told);
    let others: Vec<MemberId> = told.map(|(member, _)| member).collect();
    profile::service::profiles(app, viewer, &others).await
}

/// A rung that would notify the viewer, and the ladder's owner, who asks for consent.
pub type Asked = (Rung, Profile);

/// Returns the given rungs that would notify the viewer, with their owners, in two statements and in no particular
/// order.
pub async fn asks_by_ids(app: &App, viewer: Viewer, ids: &[RungId]) -> Result<Vec<Asked>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let rungs = store::asks_by_ids(app.db.pool(), me, ids).await?;
    with_owners(app, viewer, rungs).await
}

/// Fetches up to `limit + 1` rungs that would notify the viewer, latest first.
pub async fn asks(
    app: &App,
    viewer: Viewer,
    page: &Page<LADDER_REQUESTS>,
) -> Result<Vec<Asked>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let rungs = store::asks(app.db.pool(), me, page).await?;
    with_owners(app, viewer, rungs).await
}

async fn with_owners(app: &App, viewer: Viewer, rungs: Vec<Rung>) -> Result<Vec<Asked>, Fault> {
    let others: Vec<MemberId> = rungs.iter().map(|rung| rung.owner).collect();
    let profiles = profile::service::profiles(app, viewer, &others).await?;
    let with_owner = rungs.into_iter().filter_map(|rung| {
        let owner = profiles.get(&rung.owner)?.clone();
        Some((rung, owner))
    });
    Ok(with_owner.collect())
}

/// Counts the rungs that would notify a member.
pub async fn count_asks(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count_asks(app.db.pool(), me).await
}

/// A rung that was sent, with the profiles of both members.
#[derive(Clone, Debug)]
pub struct TellingWithMembers {
    /// What was sent.
    pub telling: Telling,
    /// The ladder's owner.
    pub owner: Profile,
    /// The recipient, if the viewer can see them.
    pub told: Option<Profile>,
}

async fn with_both(
    app: &App,
    viewer: Viewer,
    tellings: Vec<Telling>,
) -> Result<Vec<TellingWithMembers>, Fault> {
    let both = |telling: &Telling| [Some(telling.owner), telling.told];
    let others: HashSet<MemberId> = tellings.iter().flat_map(both).flatten().collect();
    let others: Vec<MemberId> = others.into_iter().collect();
    let profiles: HashMap<_, _> = profile::service::profiles(app, viewer, &others).await?;
    let found = tellings.into_iter().filter_map(|telling| {
        Some(TellingWithMembers {
            owner: profiles.get(&telling.owner)?.clone(),
            told: telling.told.and_then(|told| profiles.get(&told).cloned()),
            telling,
        })
    });
    Ok(found.collect())
}

/// Returns the given tellings that the viewer may read, in two statements and in no particular order.
pub async fn tellings_by_ids(
    app: &App,
    viewer: Viewer,
    ids: &[TellingId],
) -> Result<Vec<TellingWithMembers>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let tellings = store::tellings_by_ids(app, me, ids).await?;
    with_both(app, viewer, tellings).await
}

/// Fetches up to `limit + 1` tellings of the viewer's own ladder, latest first.
pub async fn log(
    app: &App,
    viewer: Viewer,
    page: &Page<LADDER_LOG>,
) -> Result<Vec<TellingWithMembers>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let tellings = store::log(app, me, page).await?;
    with_both(app, viewer, tellings).await
}

/// Counts the tellings of a member's own ladder.
pub async fn count_log(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count_log(app.db.pool(), me).await
}

/// Fetches up to `limit + 1` tellings that the viewer received from others' ladders, latest first.
pub async fn received(
    app: &App,
    viewer: Viewer,
    page: &Page<TELLINGS>,
) -> Result<Vec<TellingWithMembers>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let tellings = store::received(app, me, page).await?;
    with_both(app, viewer, tellings).await
}

/// Counts the tellings that a member received.
pub async fn count_received(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count_received(app.db.pool(), me).await
}

/// Returns the given tellings that their recipient may still read, and whether the owner has been here since. Uses one
/// statement.
pub async fn over_among(
    db: &impl ConnectionTrait,
    ids: &[TellingId],
) -> Result<HashMap<TellingId, bool>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::over_among(db, ids).await?.into_iter().collect())
}

/// Returns the given rungs with another recipient that still exist and whose relationship still holds, and whether the
/// recipient agrees. Uses one statement.
pub async fn agreed(
    db: &impl ConnectionTrait,
    ids: &[RungId],
) -> Result<HashMap<RungId, bool>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::agreed(db, ids).await?.into_iter().collect())
}

fn telling_key(id: TellingId) -> String {
    format!("ladder_told:{id}")
}

/// The dedup key of a request for consent. It allows one request a day between two members, however often the owner
/// removes and recreates a rung.
fn asked_key(owner: MemberId, at: DateTime<Utc>) -> String {
    // The row belongs to the recipient and outlives the owner's account, so it does not name the owner.
    let owner = hex::encode(&sha256(owner.0.as_bytes())[..8]);
    format!("ladder_asked:{owner}:{}", at.date_naive())
}

fn announcement(
    (by, member): (MemberId, MemberId),
    kind: NotificationKind,
    dedup_key: String,
    subject: Uuid,
    (now, fresh_for): (DateTime<Utc>, TimeDelta),
) -> Announcement {
    Announcement {
        member,
        kind,
        dedup_key,
        subject: Some(subject),
        not_before: now,
        expires_at: now + fresh_for,
        caused_by: (by != member).then_some(by),
    }
}

/// Records the owner's consent that a rung notifies another member.
async fn consented(app: &App, tx: &Tx, rung: &Rung, at: DateTime<Utc>) -> Result<(), Fault> {
    let Some((other, _)) = rung.told else {
        return Ok(());
    };
    let given = Given {
        member: rung.owner,
        purpose: Purpose::LadderTelling,
        other: Some(other),
        detail: word(rung.tells).to_owned(),
        at,
    };
    consent::service::give(app, tx, &given).await
}

/// Withdraws the consents of both members, and the request, after a rung was removed or changed.
async fn taken_down(tx: &Tx, rung: &Rung, at: DateTime<Utc>) -> Result<(), Fault> {
    let Some((other, _)) = rung.told else {
        return Ok(());
    };
    outbox::withdraw(tx, other, &asked_key(rung.owner, rung.created_at)).await?;
    consent::service::withdraw(tx, rung.owner, Purpose::LadderTelling, other, at).await?;
    consent::service::withdraw(tx, other, Purpose::LadderHearing, rung.owner, at).await
}
