//! What men do with their peerings, and what other domains ask of them.

mod answer;
mod propose;

pub use answer::{Answered, Ended, Withdrawn, answer, end, withdraw};
pub use propose::{Proposed, propose};

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::notification::Kind;
use entity::peering::{Model, State};
use entity::{MemberId, PeeringId};
use sea_orm::sea_query::Expr;
use sea_orm::{Condition, ConnectionTrait};

use super::model::{self, Pair, Peering};
use super::store::{self, Lapsed};
use crate::app::App;
use crate::bus::{Activity, Event};
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::nudge::{self, Announcement};
use crate::page::Page;
use crate::profile::model::Profile;
use crate::viewer::Viewer;
use crate::{commitment, pact, profile};

pub use store::MY_PEERINGS;

/// Proposals closed by one transaction.
const CLOSED_AT_ONCE: u64 = 500;

/// A peering as the viewer sees it, and the other man.
pub type Seen = (Peering, Profile);

/// The condition that the viewer and the member that an expression names are partners.
pub fn partners(viewer: MemberId, other: &Expr) -> Expr {
    store::partners(viewer, other)
}

/// The condition that a proposal waits between the viewer and the member that an expression names, as far as the viewer
/// knows.
pub fn proposal_waits(viewer: MemberId, other: &Expr, now: DateTime<Utc>) -> Expr {
    store::proposal_waits(viewer, other, now)
}

/// The condition that a peering is one of a member's with a man who is there for others, for whoever joins them.
pub fn is_with_somebody(member: MemberId) -> Condition {
    store::is_with_somebody(member)
}

/// As [`is_with_somebody`], and that both of them said yes.
pub fn is_active_for(member: MemberId) -> Condition {
    store::is_active_for(member)
}

/// The condition that a peering is active, and both of the two are there for others, for whoever joins them.
pub fn is_between_two() -> Condition {
    store::is_between_two()
}

/// Holds a member and his partner in a peering until the transaction ends; none when they are no partners, or one of
/// them is not there for others.
pub async fn hold_partner(tx: &Tx, me: MemberId, id: PeeringId) -> Result<Option<MemberId>, Fault> {
    let row = held(tx, me, id).await?;
    let active = row.filter(model::is_active);
    Ok(active.map(|row| Pair::in_it(&row).beside(me)))
}

/// Peerings by their ids with the men in them, in two statements and in no order; those that are not there for the
/// viewer are left out.
pub async fn these(app: &App, viewer: Viewer, ids: &[PeeringId]) -> Result<Vec<Seen>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let now = app.clock.now();
    let rows = store::these(app.db.pool(), me, now, ids).await?;
    with_partners(app, viewer, me, &rows, now).await
}

/// A page, and one more, of the viewer's peerings, the last proposed first.
pub async fn peerings(
    app: &App,
    viewer: Viewer,
    page: &Page<MY_PEERINGS>,
) -> Result<Vec<Seen>, Fault> {
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
) -> Result<Vec<Seen>, Fault> {
    let seen = rows.iter().filter_map(|row| model::seen_by(me, row, now));
    let seen: Vec<Peering> = seen.collect();
    let men: Vec<MemberId> = seen.iter().map(|peering| peering.partner).collect();
    let mut profiles = profile::service::profiles(app, viewer, &men).await?;
    let with_profile = seen
        .into_iter()
        .filter_map(|peering| Some((peering, profiles.remove(&peering.partner)?)));
    Ok(with_profile.collect())
}

/// How many peerings are there for a member.
pub async fn count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me, app.clock.now()).await
}

/// How far these peerings have come, in one statement. Those that are over, or of which one of the two is hidden,
/// are not among the answers.
pub async fn states(
    db: &impl ConnectionTrait,
    ids: &[PeeringId],
) -> Result<HashMap<PeeringId, State>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(store::states(db, ids).await?.into_iter().collect())
}

/// Whoever a member has, or once had, a peering with.
pub async fn everybody_with(tx: &Tx, member: MemberId) -> Result<Vec<MemberId>, Fault> {
    store::everybody_with(tx, member).await
}

/// The two of each of these peerings, in one statement.
pub async fn pairs(tx: &Tx, ids: &[PeeringId]) -> Result<HashMap<PeeringId, Pair>, Fault> {
    let rows = store::by_ids(tx, ids).await?.into_iter();
    Ok(rows.map(|row| (row.id, Pair::in_it(&row))).collect())
}

/// The two of each of these peerings, in one statement. Those that are not active, or of which one of the two is hidden,
/// are not among the answers.
pub async fn between(
    db: &impl ConnectionTrait,
    ids: &[PeeringId],
) -> Result<HashMap<PeeringId, Pair>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = store::between_two(db, ids).await?.into_iter();
    Ok(rows.map(|row| (row.id, Pair::in_it(&row))).collect())
}

/// A member was hidden, or is visible again: his phones and those of whom he has a peering with drop what they share, or
/// have it again.
pub async fn visibility_changed(
    app: &App,
    tx: &Tx,
    member: MemberId,
    hidden: bool,
) -> Result<(), Fault> {
    profile::service::hold(tx, &[member]).await?;
    let now = app.clock.now();
    pact::service::seen_otherwise(app, tx, member, hidden).await?;
    commitment::service::seen_otherwise(tx, member, hidden).await?;
    for row in store::open_of(tx, member).await? {
        let other = Pair::in_it(&row).beside(member);
        for viewer in [member, other] {
            // What he does not see, his phone does not have.
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

/// Closes proposals whose time is over, and tells the phones that have them.
/// One slice; returns whether there is more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let now = app.clock.now();
    let closed = transact!(app, |tx| {
        let closed = store::close_lapsed(tx, Lapsed::All(CLOSED_AT_ONCE), now).await?;
        for row in &closed {
            gone(tx, row);
        }
        Ok(Done::Keep(closed.len() as u64))
    })?;
    Ok(closed == CLOSED_AT_ONCE)
}

/// A peering of a member, kept from changing until the transaction ends; so is what else there is of either of the
/// two, but for what both of them began before.
async fn held(tx: &Tx, me: MemberId, id: PeeringId) -> Result<Option<Model>, Fault> {
    let Some(row) = store::of_member(tx, me, id).await? else {
        return Ok(None);
    };
    profile::service::hold(tx, &[row.lower_id, row.higher_id]).await?;
    store::of_member(tx, me, id).await
}

fn put(tx: &Tx, row: &Model) {
    for member in [row.lower_id, row.higher_id] {
        tx.put(member, row.id);
    }
}

/// It is gone from the phones that have it. One that was declined only whoever asked has.
fn gone(tx: &Tx, row: &Model) {
    for member in [row.lower_id, row.higher_id] {
        if row.state != State::Declined || member == row.proposed_by {
            tx.gone(member, row.id);
        }
    }
}

/// Under which key a man is told that somebody asks him.
fn proposed_key(id: PeeringId) -> String {
    format!("peering_proposed:{id}")
}

fn told(
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

/// Tells a man's connected devices of something the other did.
fn tell(tx: &Tx, (by, to): (MemberId, MemberId), id: PeeringId) {
    let event = Event::PartnerActivity {
        member: to,
        activity: Activity::PeeringChanged,
        subject: id.0,
    };
    tx.tell(by, event);
}

/// Both say yes, the second of them now; false when one of them has no room for a partner more. The last thing in a
/// transaction, in which both are held.
async fn begin(app: &App, tx: &Tx, row: &Model, now: DateTime<Utc>) -> Result<bool, Fault> {
    for man in [row.lower_id, row.higher_id] {
        if store::count_partners(tx, man).await? >= model::MOST_PARTNERS {
            return Ok(false);
        }
    }
    store::answer(tx, row.id, State::Active, now).await?;
    let proposer = row.proposed_by;
    let other = Pair::in_it(row).beside(proposer);
    nudge::service::withdraw(tx, other, &proposed_key(row.id)).await?;
    let key = format!("peering_accepted:{}", row.id);
    let until = (now, now + model::OPEN_FOR);
    let what = told((other, proposer), Kind::PeeringAccepted, key, row.id, until);
    nudge::service::announce(app, tx, &what).await?;
    put(tx, row);
    tell(tx, (other, proposer), row.id);
    Ok(true)
}
