//! Pacts as partners and other domains use them.

mod agree;
mod change;
mod end;
mod nudges;
mod received;
mod word;

pub use agree::{Answered, NewPact, Proposed, answer, propose};
pub use change::{Patch, Renewed, Updated, renew, update_side};
pub use end::{Ended, end, end_of_peering, housekeep, purging, resync_for};
pub use nudges::{NudgeAnswered, NudgeSent, answer_nudge, send_nudge};
pub use received::{received, received_by_ids, received_count};
pub use word::{check_in_of_wish, check_in_written};

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use entity::consent::Purpose;
use entity::notification::Kind;
use entity::pact::State;
use entity::{MemberId, PactId, PactNudgeId};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::{Nudge, Pact, Sharing, Shown, shown_to_partner};
use super::store::{self, Held};
use crate::app::App;
use crate::bus::{Activity, Event};
use crate::checkin::entry::Content;
use crate::consent::service::Given;
use crate::days::calendar::DayTerms;
use crate::error::Fault;
use crate::outbox::Announcement;
use crate::page::Page;
use crate::profile::model::Profile;
use crate::tx::Tx;
use crate::viewer::Viewer;
use crate::{checkin, consent, profile};

pub use store::{MY_PACTS, NewNudge, PACT_NUDGES, RECEIVED};

/// A pact as the viewer sees it, with the partner's profile.
pub type PactWithPartner = (Pact, Profile);

/// Returns the partners who may know at least that a member has checked in, each with the pact: they are notified when
/// he does.
pub async fn partners_to_tell(
    app: &App,
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Vec<(MemberId, PactId)>, Fault> {
    let held = store::shared_with(db, member, app.clock.now()).await?;
    Ok(held
        .into_iter()
        .map(|row| (row.partner_of(member), row.pact.id))
        .collect())
}

/// Returns the partners who may read a member's words, each with the pact.
pub async fn partners_who_read(
    app: &App,
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Vec<(MemberId, PactId)>, Fault> {
    let held = store::words_with(db, member, app.clock.now()).await?;
    Ok(held
        .into_iter()
        .map(|row| (row.partner_of(member), row.pact.id))
        .collect())
}

/// Fetches the given pacts that are visible to the viewer, with the partners' profiles, in no particular order. Two
/// statements.
pub async fn by_ids(
    app: &App,
    viewer: Viewer,
    ids: &[PactId],
) -> Result<Vec<PactWithPartner>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let pacts = store::by_ids(app, me, app.clock.now(), ids).await?;
    with_partners(app, viewer, pacts).await
}

/// Returns the given members who let the partner of the given pact wake them in their quiet hours. One statement.
pub async fn who_can_be_woken(
    db: &impl ConnectionTrait,
    of: &[(PactId, MemberId)],
) -> Result<HashSet<(PactId, MemberId)>, Fault> {
    if of.is_empty() {
        return Ok(HashSet::new());
    }
    let (pacts, members): (Vec<_>, Vec<_>) = of.iter().copied().unzip();
    Ok(store::can_be_woken(db, &pacts, &members)
        .await?
        .into_iter()
        .collect())
}

/// Returns the given members who may read what their partner asks of them only in the morning: they are in their quiet
/// hours, and do not let the partner of the given pact wake them. Two statements.
pub async fn who_may_be_asleep(
    app: &App,
    db: &impl ConnectionTrait,
    of: &[(PactId, MemberId)],
) -> Result<HashSet<(PactId, MemberId)>, Fault> {
    let woken = who_can_be_woken(db, of).await?;
    let members: Vec<MemberId> = of.iter().map(|(_, member)| *member).collect();
    let contexts = profile::service::contexts(db, &members).await?;
    let now = app.clock.now();
    let is_quiet = |member: &MemberId| {
        let who = contexts.get(member);
        who.is_some_and(|who| who.quiet.over_at(who.terms.zone, now).is_some())
    };
    let asleep = of
        .iter()
        .filter(|side| !woken.contains(side) && is_quiet(&side.1));
    Ok(asleep.copied().collect())
}

/// Whether all partners who are notified that a member would like a word may read it only in the morning; `None` if
/// there are no such partners. Three statements.
pub async fn word_may_wait(app: &App, member: MemberId) -> Result<Option<bool>, Fault> {
    let db = app.db.pool();
    let readers = partners_who_read(app, db, member).await?;
    let readers: Vec<_> = readers
        .into_iter()
        .map(|(member, pact)| (pact, member))
        .collect();
    if readers.is_empty() {
        return Ok(None);
    }
    let asleep = who_may_be_asleep(app, db, &readers).await?;
    Ok(Some(readers.iter().all(|side| asleep.contains(side))))
}

/// Fetches up to `limit + 1` of the viewer's pacts, the last proposed first.
pub async fn pacts(
    app: &App,
    viewer: Viewer,
    page: &Page<MY_PACTS>,
) -> Result<Vec<PactWithPartner>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let pacts = store::list(app, me, app.clock.now(), page).await?;
    with_partners(app, viewer, pacts).await
}

async fn with_partners(
    app: &App,
    viewer: Viewer,
    pacts: Vec<Pact>,
) -> Result<Vec<PactWithPartner>, Fault> {
    let partners: Vec<MemberId> = pacts.iter().map(|pact| pact.partner).collect();
    let mut profiles = profile::service::profiles(app, viewer, &partners).await?;
    let with_profile = pacts.into_iter().filter_map(|pact| {
        let profile = profiles.remove(&pact.partner)?;
        Some((pact, profile))
    });
    Ok(with_profile.collect())
}

/// Counts the pacts that are visible to a member.
pub async fn count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me, app.clock.now()).await
}

/// A day of the partner's, as far as he shares it.
#[derive(Clone, Debug)]
pub struct PartnerDay {
    /// The date, by his own calendar.
    pub date: NaiveDate,
    /// The shared part of his check-in; `None` if there is none.
    pub check_in: Option<Content>,
}

/// Returns the partner's last seven days, of which the last is his today, or `None` if he does not share them.
pub async fn partner_days(
    app: &App,
    pact: &Pact,
    terms: DayTerms,
) -> Result<Option<Vec<PartnerDay>>, Fault> {
    let gives = pact.theirs.as_ref().map(|side| side.terms.sharing);
    let Some(gives) = gives.filter(|gives| *gives >= Sharing::CheckedIn) else {
        return Ok(None);
    };
    if pact.state != Shown::Active {
        return Ok(None);
    }
    let today = terms.day(app.clock.now());
    let first = today - Days::new(6);
    let check_ins = checkin::service::between(app, pact.partner, first, today).await?;
    let days = first.iter_days().take(7).map(|date| {
        let of_day = check_ins.iter().find(|row| row.local_date == date);
        let check_in = of_day.map(|row| {
            let gives = pact.given_since.of(gives, row, terms);
            shown_to_partner(&row.content, gives)
        });
        PartnerDay { date, check_in }
    });
    Ok(Some(days.collect()))
}

/// Fetches the given nudges that are visible to the viewer, in no particular order. One statement.
pub async fn nudges_by_ids(
    app: &App,
    viewer: Viewer,
    ids: &[PactNudgeId],
) -> Result<Vec<Nudge>, Fault> {
    match viewer.member() {
        Some(me) => store::nudges_by_ids(app, me, app.clock.now(), ids).await,
        None => Ok(Vec::new()),
    }
}

/// Fetches up to `limit + 1` nudges of a pact, the latest first. Empty if the pact is not visible to the caller.
pub async fn nudges(
    app: &App,
    me: MemberId,
    pact: PactId,
    page: &Page<PACT_NUDGES>,
) -> Result<Vec<Nudge>, Fault> {
    store::list_nudges(app, me, app.clock.now(), pact, page).await
}

/// Counts the nudges of a pact. Zero if the pact is not visible to the caller.
pub async fn nudge_count(app: &App, me: MemberId, pact: PactId) -> Result<u64, Fault> {
    store::count_nudges(app.db.pool(), me, app.clock.now(), pact).await
}

/// Returns the states of the given pacts. Leaves out those that are over, and those whose members do not see each other
/// or are no longer partners. One statement.
pub async fn states(
    db: &impl ConnectionTrait,
    ids: &[PactId],
) -> Result<HashMap<PactId, State>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::states(db, ids).await?.into_iter().collect())
}

/// Returns whether each given nudge has been answered. Leaves out those of pacts that are over, and those whose members
/// do not see each other. One statement.
pub async fn nudge_states(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    ids: &[PactNudgeId],
) -> Result<HashMap<PactNudgeId, bool>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let states = store::nudge_states(db, now, ids).await?;
    Ok(states.into_iter().collect())
}

/// Locks both partners of a pact `FOR NO KEY UPDATE`, and reads the pact again.
async fn load_locked(tx: &Tx, me: MemberId, id: PactId) -> Result<Option<Held>, Fault> {
    let Some(row) = store::of_member(tx, me, id).await? else {
        return Ok(None);
    };
    profile::service::lock_members(tx, &[row.lower_id, row.higher_id]).await?;
    store::of_member(tx, me, id).await
}

fn put(tx: &Tx, row: &Held) {
    for member in [row.lower_id, row.higher_id] {
        tx.put(member, row.pact.id);
    }
}

/// Records a member's consent to share with another from now on, or its withdrawal.
async fn consented(
    app: &App,
    tx: &Tx,
    (member, other): (MemberId, MemberId),
    sharing: Sharing,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let purpose = Purpose::PactSharing;
    if sharing == Sharing::Nothing {
        return consent::service::withdraw(tx, member, purpose, other, at).await;
    }
    let given = Given {
        member,
        purpose,
        other: Some(other),
        detail: super::model::word(sharing).to_owned(),
        at,
    };
    consent::service::give(app, tx, &given).await
}

fn announcement(
    (by, member): (MemberId, MemberId),
    kind: Kind,
    dedup_key: String,
    subject: Uuid,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Announcement {
    Announcement {
        member,
        kind,
        dedup_key,
        subject: Some(subject),
        not_before: now,
        expires_at,
        caused_by: Some(by),
    }
}

/// The dedup key of the notification of a proposal.
fn proposed_key(id: PactId) -> String {
    format!("pact_proposed:{id}")
}

/// Tells the connected devices of `to` that `by` did something.
fn tell(tx: &Tx, (by, to): (MemberId, MemberId), activity: Activity, subject: Uuid) {
    let event = Event::PartnerActivity {
        member: to,
        activity,
        subject,
    };
    tx.tell(by, event);
}
