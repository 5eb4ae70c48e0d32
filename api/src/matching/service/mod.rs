//! Peerings as members and other domains use them.

mod answer;
mod propose;

pub use answer::{Answered, Ended, Withdrawn, answer, end, withdraw};
pub use propose::{Proposed, propose};

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::notification::Kind;
use entity::peering::{Model, State};
use entity::{MemberId, PeeringId};
use sea_orm::{Condition, ConnectionTrait};

use super::model::{self, Pair, Peering};
use super::store::{self, Expired};
use crate::app::App;
use crate::bus::{Activity, Event};
use crate::error::Fault;
use crate::outbox::{self, Announcement};
use crate::page::Page;
use crate::profile;
use crate::profile::model::Profile;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::Viewer;

pub use store::MY_PEERINGS;

/// How many proposals one transaction closes at most.
const CLOSED_AT_ONCE: u64 = 500;

/// A peering as the viewer sees it, with the partner's profile.
pub type PeeringWithPartner = (Peering, Profile);

/// The condition that a peering is between the member and somebody whom he can see. For queries that join peerings.
pub fn is_with_visible_partner(member: MemberId) -> Condition {
    store::is_with_visible_partner(member)
}

/// As [`is_with_visible_partner`], and the peering is active.
pub fn is_active_for(member: MemberId) -> Condition {
    store::is_active_for(member)
}

/// The condition that a peering is active, and its two members can see each other. For queries that join peerings.
pub fn is_active_and_mutual() -> Condition {
    store::is_active_and_mutual()
}

/// Locks a member and his partner in a peering `FOR NO KEY UPDATE`. Returns the partner, or `None` if they are not
/// partners or one of them is hidden.
pub async fn lock_partner(tx: &Tx, me: MemberId, id: PeeringId) -> Result<Option<MemberId>, Fault> {
    let row = load_locked(tx, me, id).await?;
    let active = row.filter(model::is_active);
    Ok(active.map(|row| Pair::of_row(&row).partner_of(me)))
}

/// Fetches the given peerings that are visible to the viewer, with the partners' profiles, in no particular order. Two
/// statements.
pub async fn by_ids(
    app: &App,
    viewer: Viewer,
    ids: &[PeeringId],
) -> Result<Vec<PeeringWithPartner>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let now = app.clock.now();
    let rows = store::by_ids(app.db.pool(), me, now, ids).await?;
    with_partners(app, viewer, me, &rows, now).await
}

/// Fetches up to `limit + 1` of the viewer's peerings, the last proposed first.
pub async fn peerings(
    app: &App,
    viewer: Viewer,
    page: &Page<MY_PEERINGS>,
) -> Result<Vec<PeeringWithPartner>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let now = app.clock.now();
    let rows = store::list(app.db.pool(), me, now, page).await?;
    with_partners(app, viewer, me, &rows, now).await
}

async fn with_partners(
    app: &App,
    viewer: Viewer,
    me: MemberId,
    rows: &[Model],
    now: DateTime<Utc>,
) -> Result<Vec<PeeringWithPartner>, Fault> {
    let peerings = rows.iter().filter_map(|row| model::seen_by(me, row, now));
    let peerings: Vec<Peering> = peerings.collect();
    let partners: Vec<MemberId> = peerings.iter().map(|peering| peering.partner).collect();
    let mut profiles = profile::service::profiles(app, viewer, &partners).await?;
    let with_profile = peerings
        .into_iter()
        .filter_map(|peering| Some((peering, profiles.remove(&peering.partner)?)));
    Ok(with_profile.collect())
}

/// Counts the peerings that are visible to a member.
pub async fn count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me, app.clock.now()).await
}

/// Returns the states of the given peerings. Leaves out those that are over, and those with a hidden member. One
/// statement.
pub async fn states(
    db: &impl ConnectionTrait,
    ids: &[PeeringId],
) -> Result<HashMap<PeeringId, State>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::states(db, ids).await?.into_iter().collect())
}

/// Returns every member with whom a member has, or once had, a peering.
pub async fn everybody_with(tx: &Tx, member: MemberId) -> Result<Vec<MemberId>, Fault> {
    store::everybody_with(tx, member).await
}

/// Returns the two members of each given peering. One statement.
pub async fn pairs(tx: &Tx, ids: &[PeeringId]) -> Result<HashMap<PeeringId, Pair>, Fault> {
    let rows = store::rows_by_ids(tx, ids).await?.into_iter();
    Ok(rows.map(|row| (row.id, Pair::of_row(&row))).collect())
}

/// Returns the two members of each given peering. Leaves out those that are not active, and those with a hidden member.
/// One statement.
pub async fn between(
    db: &impl ConnectionTrait,
    ids: &[PeeringId],
) -> Result<HashMap<PeeringId, Pair>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = store::between_two(db, ids).await?.into_iter();
    Ok(rows.map(|row| (row.id, Pair::of_row(&row))).collect())
}

/// Puts a member's open peerings into the feeds of both members, or takes them out, after the member was shown again or
/// hidden. The caller has locked the member.
pub async fn visibility_changed(
    app: &App,
    tx: &Tx,
    member: MemberId,
    hidden: bool,
) -> Result<(), Fault> {
    let now = app.clock.now();
    for row in store::open_of(tx, member).await? {
        let other = Pair::of_row(&row).partner_of(member);
        for viewer in [member, other] {
            // A peering that is not visible to him is not on his phone.
            if model::seen_by(viewer, &row, now).is_none() {
                continue;
            }
            if hidden {
                tx.gone(viewer, row.id);
            } else {
                tx.put(viewer, row.id);
            }
        }
    }
    Ok(())
}

/// Closes one slice of expired proposals, and takes them out of the feeds of those who could see them. Returns whether
/// there may be more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let now = app.clock.now();
    let closed = transact!(app, |tx| {
        let closed = store::close_lapsed(tx, Expired::All(CLOSED_AT_ONCE), now).await?;
        for row in &closed {
            gone(tx, row);
        }
        Ok(Done::Keep(closed.len() as u64))
    })?;
    Ok(closed == CLOSED_AT_ONCE)
}

/// Locks both members of a peering `FOR NO KEY UPDATE`, and reads the peering again. Every proposal, answer or end of
/// either of the two takes these locks, and so waits for the end of this transaction.
async fn load_locked(tx: &Tx, me: MemberId, id: PeeringId) -> Result<Option<Model>, Fault> {
    let Some(row) = store::of_member(tx, me, id).await? else {
        return Ok(None);
    };
    profile::service::lock_members(tx, &[row.lower_id, row.higher_id]).await?;
    store::of_member(tx, me, id).await
}

fn put(tx: &Tx, row: &Model) {
    for member in [row.lower_id, row.higher_id] {
        tx.put(member, row.id);
    }
}

/// Takes a peering out of the feeds of those who could see it. Only the proposer could see a declined one.
fn gone(tx: &Tx, row: &Model) {
    for member in [row.lower_id, row.higher_id] {
        if row.state != State::Declined || member == row.proposed_by {
            tx.gone(member, row.id);
        }
    }
}

/// The dedup key of the notification of a proposal.
fn proposed_key(id: PeeringId) -> String {
    format!("peering_proposed:{id}")
}

fn announcement(
    (by, member): (MemberId, MemberId),
    kind: Kind,
    dedup_key: String,
    id: PeeringId,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Announcement {
    Announcement {
        member,
        kind,
        dedup_key,
        subject: Some(id.0),
        not_before: now,
        expires_at,
        caused_by: Some(by),
    }
}

/// Tells the connected devices of `to` that `by` did something.
fn tell(tx: &Tx, (by, to): (MemberId, MemberId), id: PeeringId) {
    let event = Event::PartnerActivity {
        member: to,
        activity: Activity::PeeringChanged,
        subject: id.0,
    };
    tx.tell(by, event);
}

/// Makes a proposal active. Returns false if one of the two has reached the limit of partners. Must be the last step of
/// a transaction in which both members are locked.
async fn begin(app: &App, tx: &Tx, row: &Model, now: DateTime<Utc>) -> Result<bool, Fault> {
    for member in [row.lower_id, row.higher_id] {
        if store::count_partners(tx, member).await? >= model::MOST_PARTNERS {
            return Ok(false);
        }
    }
    store::answer(tx, row.id, State::Active, now).await?;
    let proposer = row.proposed_by;
    let other = Pair::of_row(row).partner_of(proposer);
    outbox::withdraw(tx, other, &proposed_key(row.id)).await?;
    let key = format!("peering_accepted:{}", row.id);
    let until = (now, now + model::OPEN_FOR);
    let what = announcement((other, proposer), Kind::PeeringAccepted, key, row.id, until);
    outbox::announce(app, tx, &what).await?;
    put(tx, row);
    tell(tx, (other, proposer), row.id);
    Ok(true)
}
