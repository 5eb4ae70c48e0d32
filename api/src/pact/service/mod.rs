//! What partners do with their pacts, and what other domains ask of them.

mod agree;
mod change;
mod nudges;
mod over;
mod received;

pub use agree::{Answered, NewPact, Proposed, answer, propose};
pub use change::{Patch, Renewed, Updated, renew, update_side};
pub use nudges::{NudgeAnswered, NudgeSent, answer_nudge, send_nudge};
pub use over::{Ended, end, end_of_peering, housekeep, purging, seen_otherwise};
pub use received::{received, received_by_ids, received_count};

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
use crate::db::Tx;
use crate::error::Fault;
use crate::nudge::Announcement;
use crate::page::Page;
use crate::profile::model::Profile;
use crate::viewer::Viewer;
use crate::{checkin, consent, profile};

pub use store::{MY_PACTS, NewNudge, PACT_NUDGES, RECEIVED};

/// A pact as the viewer sees it, and the other man.
pub type Seen = (Pact, Profile);

/// What a member lets another see of his check-ins, in one statement: nothing unless they have a pact that goes on, in
/// which he gives it.
pub async fn sharing_of(
    app: &App,
    db: &impl ConnectionTrait,
    owner: MemberId,
    viewer: MemberId,
) -> Result<Sharing, Fault> {
    let given = store::sharing(db, owner, viewer, app.clock.now()).await?;
    Ok(given.unwrap_or(Sharing::Nothing))
}

/// Which partners may know at least whether a member has checked in, and by which pact: who is to be told when he does.
pub async fn partners_to_tell(
    app: &App,
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Vec<(MemberId, PactId)>, Fault> {
    let held = store::shared_with(db, member, app.clock.now()).await?;
    Ok(held
        .into_iter()
        .map(|row| (row.beside(member), row.pact.id))
        .collect())
}

/// Which partners may read what a member writes, and by which pact.
pub async fn partners_who_read(
    app: &App,
    db: &impl ConnectionTrait,
    member: MemberId,
) -> Result<Vec<(MemberId, PactId)>, Fault> {
    let held = store::words_with(db, member, app.clock.now()).await?;
    Ok(held
        .into_iter()
        .map(|row| (row.beside(member), row.pact.id))
        .collect())
}

/// Pacts by their ids with the men in them, in two statements and in no order; those that are not there for the viewer
/// are left out.
pub async fn these(app: &App, viewer: Viewer, ids: &[PactId]) -> Result<Vec<Seen>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let pacts = store::these(app, me, app.clock.now(), ids).await?;
    with_partners(app, viewer, pacts).await
}

/// Of these members, each with a pact of his: who may be woken in his quiet hours by the other, in one statement.
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

/// Whether what is asked of each of these members, by the other of a pact with him, may be read in the morning only: it
/// is quiet where he is, and he did not say that he may be woken. In two statements.
pub async fn who_may_be_asleep(
    app: &App,
    db: &impl ConnectionTrait,
    of: &[(PactId, MemberId)],
) -> Result<HashSet<(PactId, MemberId)>, Fault> {
    let woken = who_can_be_woken(db, of).await?;
    let members: Vec<MemberId> = of.iter().map(|(_, member)| *member).collect();
    let standings = profile::service::standings(db, &members).await?;
    let now = app.clock.now();
    let is_quiet = |member: &MemberId| {
        let who = standings.get(member);
        who.is_some_and(|who| who.quiet.over_at(who.terms.zone, now).is_some())
    };
    let asleep = of
        .iter()
        .filter(|side| !woken.contains(side) && is_quiet(&side.1));
    Ok(asleep.copied().collect())
}

/// Whether everybody whom a member tells that he would like a word may read it in the morning only; `None` if there is
/// nobody. In three statements.
pub async fn word_may_wait(app: &App, member: MemberId) -> Result<Option<bool>, Fault> {
    let db = app.db.pool();
    let told = partners_who_read(app, db, member).await?;
    let told: Vec<_> = told
        .into_iter()
        .map(|(member, pact)| (pact, member))
        .collect();
    if told.is_empty() {
        return Ok(None);
    }
    let asleep = who_may_be_asleep(app, db, &told).await?;
    Ok(Some(told.iter().all(|side| asleep.contains(side))))
}

/// A page, and one more, of the viewer's pacts, the last proposed first.
pub async fn pacts(app: &App, viewer: Viewer, page: &Page<MY_PACTS>) -> Result<Vec<Seen>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let pacts = store::list(app, me, app.clock.now(), page).await?;
    with_partners(app, viewer, pacts).await
}

async fn with_partners(app: &App, viewer: Viewer, pacts: Vec<Pact>) -> Result<Vec<Seen>, Fault> {
    let men: Vec<MemberId> = pacts.iter().map(|pact| pact.partner).collect();
    let mut profiles = profile::service::profiles(app, viewer, &men).await?;
    let with_profile = pacts.into_iter().filter_map(|pact| {
        let profile = profiles.remove(&pact.partner)?;
        Some((pact, profile))
    });
    Ok(with_profile.collect())
}

/// How many pacts are there for a member.
pub async fn count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me, app.clock.now()).await
}

/// A day of the other man's, as far as he lets it be seen.
#[derive(Clone, Debug)]
pub struct PartnerDay {
    /// Which, on his own calendar.
    pub date: NaiveDate,
    /// His check-in, if there is one, without what he keeps to himself of it.
    pub check_in: Option<Content>,
}

/// The last seven days of the other man of a pact, his today's the last; none when he does not let them be seen.
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

/// Nudges by their ids, in one statement and in no order; those that are not there for the viewer are left out.
pub async fn these_nudges(
    app: &App,
    viewer: Viewer,
    ids: &[PactNudgeId],
) -> Result<Vec<Nudge>, Fault> {
    match viewer.member() {
        Some(me) => store::these_nudges(app, me, app.clock.now(), ids).await,
        None => Ok(Vec::new()),
    }
}

/// A page, and one more, of a pact's nudges, the latest first; none when it is not there for him.
pub async fn nudges(
    app: &App,
    me: MemberId,
    pact: PactId,
    page: &Page<PACT_NUDGES>,
) -> Result<Vec<Nudge>, Fault> {
    store::list_nudges(app, me, app.clock.now(), pact, page).await
}

/// How many nudges a pact has had.
pub async fn nudge_count(app: &App, me: MemberId, pact: PactId) -> Result<u64, Fault> {
    store::count_nudges(app.db.pool(), me, app.clock.now(), pact).await
}

/// How far these pacts have come, in one statement. Those that are over, or not there for one of the two, are not among
/// the answers.
pub async fn states(
    db: &impl ConnectionTrait,
    ids: &[PactId],
) -> Result<HashMap<PactId, State>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::states(db, ids).await?.into_iter().collect())
}

/// Whether these nudges have been answered, in one statement. Those of pacts that are over, or not there for one of the
/// two, are not among the answers.
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

/// A pact of a member, held with both of the two until the transaction ends.
async fn held(tx: &Tx, me: MemberId, id: PactId) -> Result<Option<Held>, Fault> {
    let Some(row) = store::of_member(tx, me, id).await? else {
        return Ok(None);
    };
    profile::service::hold(tx, &[row.lower_id, row.higher_id]).await?;
    store::of_member(tx, me, id).await
}

fn put(tx: &Tx, row: &Held) {
    for member in [row.lower_id, row.higher_id] {
        tx.put(member, row.pact.id);
    }
}

/// Writes down that a member lets another see something from now on, or nothing any more.
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

fn told(
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

/// Under which key a man is told that somebody proposes a pact.
fn proposed_key(id: PactId) -> String {
    format!("pact_proposed:{id}")
}

/// Tells a man's connected devices of something the other did.
fn tell(tx: &Tx, (by, to): (MemberId, MemberId), activity: Activity, subject: Uuid) {
    let event = Event::PartnerActivity {
        member: to,
        activity,
        subject,
    };
    tx.tell(by, event);
}
