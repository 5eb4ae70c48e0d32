//! Operations on commitments, for members and for other domains.

mod answer;
mod end;
mod follow_up;
mod make;
mod update;

pub use answer::{DayChange, Outcome, change_day};
pub use end::{Ended, end, end_of_peering, resync_for};
pub use follow_up::{
    About, asked_about, next_due, open_questions, rules_changed, run_due, terms_changed,
};
pub use make::{Made, New, make};
pub use update::{Patch, Updated, update};

pub use super::store::{COMMITMENTS, Whose};

use chrono::{DateTime, NaiveDate, Utc};
use entity::commitment::Model;
use entity::{CommitmentId, MemberId, PeeringId};

use super::model::{ASKED_FOR, Ask, Plan};
use super::store::{self, Row};
use crate::app::App;
use crate::bus::{Activity, Event};
use crate::days::calendar::DayTerms;
use crate::error::Fault;
use crate::keys::at_rest::Opened;
use crate::page::Page;
use crate::profile::model::Profile;
use crate::tx::Tx;
use crate::viewer::Viewer;
use crate::visibility::is_taking_part;
use crate::{matching, profile};

/// A commitment as its owner or the owner's partner sees it.
#[derive(Clone, Debug)]
pub struct Commitment {
    /// The id.
    pub id: CommitmentId,
    /// Whether it is the viewer's own.
    pub is_viewers: bool,
    /// The peering with the other member, if the commitment is shared.
    pub peering: Option<PeeringId>,
    /// The owner's words.
    pub words: Opened,
    /// The schedule and the answers.
    pub plan: Plan,
    /// The first day whose answer the viewer may see, or `None` if they may see all.
    pub seen_since: Option<NaiveDate>,
    /// The owner's current day.
    pub today: NaiveDate,
    /// The version. It rises with every change.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the owner ended it.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A commitment with the other member: the partner who sees the viewer's own one, or the owner of a partner's.
pub type CommitmentWithPartner = (Commitment, Option<Profile>);

/// Returns the given commitments that the viewer can see, in three statements and in no particular order.
pub async fn by_ids(
    app: &App,
    viewer: Viewer,
    ids: &[CommitmentId],
) -> Result<Vec<CommitmentWithPartner>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let rows = store::by_ids(app.db.pool(), me, ids).await?;
    seen_by(app, viewer, me, rows).await
}

/// Fetches up to `limit + 1` of the viewer's own commitments, or of those that a partner shares with them, newest
/// first.
pub async fn commitments(
    app: &App,
    viewer: Viewer,
    whose: Whose,
    page: &Page<COMMITMENTS>,
) -> Result<Vec<CommitmentWithPartner>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let rows = store::list(app.db.pool(), me, whose, page).await?;
    seen_by(app, viewer, me, rows).await
}

/// Counts the commitments that [`commitments`] pages through.
pub async fn count(app: &App, me: MemberId, whose: Whose) -> Result<u64, Fault> {
    store::count(app.db.pool(), me, whose).await
}

async fn seen_by(
    app: &App,
    viewer: Viewer,
    me: MemberId,
    rows: Vec<Row>,
) -> Result<Vec<CommitmentWithPartner>, Fault> {
    let now = app.clock.now();
    let partners: Vec<MemberId> = rows.iter().filter_map(|row| row.partner_of(me)).collect();
    let profiles = profile::service::profiles(app, viewer, &partners).await?;
    let commitments = rows.iter().map(|row| &row.commitment);
    let plans = store::plans(now, app.db.pool(), commitments).await?;
    let mut found = Vec::new();
    for (row, plan) in rows.into_iter().zip(plans) {
        let partner = row.partner_of(me);
        let partner = partner.and_then(|id| profiles.get(&id)).cloned();
        let today = row.terms()?.day(now);
        let row = row.commitment;
        let is_viewers = row.member_id == me;
        if !is_viewers && partner.is_none() {
            continue;
        }
        let commitment = Commitment {
            id: row.id,
            is_viewers,
            peering: row.peering_id.filter(|_| partner.is_some()),
            words: store::opened(app, &row),
            plan,
            seen_since: row.seen_since.filter(|_| !is_viewers),
            today,
            version: row.version,
            created_at: row.created_at,
            ended_at: row.ended_at,
        };
        found.push((commitment, partner));
    }
    Ok(found)
}

/// A member's own commitment. The member, the partner who sees it, and the row are locked until the transaction ends.
struct Held {
    row: Model,
    plan: Plan,
    terms: DayTerms,
    today: NaiveDate,
    /// The partner who can see it.
    partner: Option<MemberId>,
    /// The owner is leaving, so nobody may be notified about them.
    hidden: bool,
}

impl Held {
    /// Returns the partner, if they may be notified.
    fn partner_to_notify(&self) -> Option<MemberId> {
        self.partner.filter(|_| !self.hidden)
    }

    /// Returns the partner's next invitation. It may be for a day before today, because a day that was carried over may
    /// have come before.
    fn next_ask(&self, now: DateTime<Utc>) -> Option<Ask> {
        next_ask(&self.row, &self.plan, self.terms, now)
    }
}

/// Returns the partner's next invitation after a change of a commitment, or `None` if nobody can see it.
fn next_ask(row: &Model, plan: &Plan, terms: DayTerms, now: DateTime<Utc>) -> Option<Ask> {
    row.peering_id?;
    let today = terms.day(now);
    let from = row.next_ask_on.map_or(today, |day| day.min(today));
    plan.next_ask(from, terms, now - ASKED_FOR)
}

async fn load_locked(
    app: &App,
    tx: &Tx,
    me: MemberId,
    id: CommitmentId,
    also: Option<MemberId>,
) -> Result<Option<Held>, Fault> {
    // Members are locked before the row, so the row is read twice: it may change before it is locked.
    let Some(before) = store::of_owner(tx, me, id).await? else {
        return Ok(None);
    };
    let partner = other_in(tx, me, before.peering_id).await?;
    let members: Vec<MemberId> = [Some(me), partner, also].into_iter().flatten().collect();
    profile::service::lock_members(tx, &members).await?;
    let Some(row) = store::load_locked(tx, me, id).await? else {
        return Ok(None);
    };
    let partner = other_in(tx, me, row.peering_id).await?;
    let terms = profile::service::day_terms(tx, me).await?;
    let plan = store::plans(app.clock.now(), tx, [&row].into_iter())
        .await?
        .pop();
    let plan = plan.ok_or(Fault::Broken("a commitment has a plan"))?;
    let today = terms.day(app.clock.now());
    Ok(Some(Held {
        row,
        plan,
        terms,
        today,
        partner,
        hidden: !is_taking_part(tx, me).await?,
    }))
}

/// Returns the other member of a peering, even one who is hidden: their phone still has to be synchronised.
async fn other_in(
    tx: &Tx,
    me: MemberId,
    peering: Option<PeeringId>,
) -> Result<Option<MemberId>, Fault> {
    let Some(id) = peering else {
        return Ok(None);
    };
    let pairs = matching::service::pairs(tx, &[id]).await?;
    let his = pairs.get(&id).filter(|pair| pair.contains(me));
    Ok(his.map(|pair| pair.partner_of(me)))
}

/// Notifies both members that a commitment is new or changed. Wakes the workers, because an invitation may be due
/// earlier.
fn changed(tx: &Tx, (me, partner): (MemberId, Option<MemberId>), id: CommitmentId) {
    tx.put(me, id);
    tx.wake();
    if let Some(partner) = partner {
        tx.put(partner, id);
        tell(tx, (me, partner), id);
    }
}

/// Notifies a partner's connected devices that a commitment changed.
fn tell(tx: &Tx, (by, to): (MemberId, MemberId), id: CommitmentId) {
    let event = Event::PartnerActivity {
        member: to,
        activity: Activity::CommitmentChanged,
        subject: id.0,
    };
    tx.tell(by, event);
}
