//! Inviting members into circles, and what they answer.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::account::Role;
use entity::circle_invitation::{Model, State};
use entity::consent::Purpose;
use entity::notification::Kind;
use entity::{CircleId, CircleInvitationId, MemberId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::Expr;

use super::invitation_store as store;
use super::model::{
    Answering, CircleRole, INVITATION_OPEN_FOR, Invitation, Inviting, MOST_INVITATIONS_A_DAY,
    MOST_OPEN_INVITATIONS, answering, inviting,
};
use super::service::Changed;
use super::store as circles;
use crate::account;
use crate::app::App;
use crate::consent;
use crate::consent::service::Given;
use crate::db::{Done, SLICE, Tx, transact};
use crate::error::Fault;
use crate::fact::Fact;
use crate::nudge::{self, Announcement};
use crate::page::Page;
use crate::profile;
use crate::profile::model::Profile;
use crate::viewer::Viewer;
use crate::visibility::is_visible;

pub use store::MY_INVITATIONS;

/// Invitations closed by one transaction.
const CLOSED_AT_ONCE: u64 = 500;
/// What became of an invitation is kept for so long behind its end.
const KEPT: TimeDelta = TimeDelta::days(60);
/// That somebody was taken out of a circle stays fresh for so long.
const REMOVAL_FRESH_FOR: TimeDelta = TimeDelta::days(7);

/// An invitation as whoever is invited sees it, and who invites him.
pub type Seen = (Invitation, Profile);

/// Under which key a member is told that somebody invites him.
fn invitation_key(id: CircleInvitationId) -> String {
    format!("circle_invitation:{id}")
}

/// Invites a member, who is not in the circle; the circle is locked, and the inviter runs it. What whoever invites is
/// answered does not depend on what the member said before.
pub(super) async fn invite(
    app: &App,
    tx: &Tx,
    (circle, by): (CircleId, MemberId),
    member: MemberId,
    role: CircleRole,
) -> Result<Done<Changed>, Fault> {
    let now = app.clock.now();
    let rows = store::of_member(tx, circle, member).await?;
    let row = match inviting(&rows, now) {
        Inviting::Stands(row) if row.role == role => return Ok(Done::Undo(Changed::AsAsked)),
        Inviting::Stands(row) => {
            store::set_role(tx, row.id, role).await?;
            return Ok(Done::Keep(Changed::AsAsked));
        }
        Inviting::Reopens(row) => {
            if let Some(refusal) = too_many(tx, circle, None, now).await? {
                return Ok(Done::Undo(refusal));
            }
            store::reopen(tx, row.id, by, role).await?;
            Model {
                invited_by: Some(by),
                ..row.clone()
            }
        }
        Inviting::New(state) => {
            if let Some(refusal) = too_many(tx, circle, Some(by), now).await? {
                return Ok(Done::Undo(refusal));
            }
            let row = Model {
                id: app.ids.next(),
                circle_id: circle,
                member_id: member,
                invited_by: Some(by),
                role,
                state,
                at: now,
                expires_at: now + INVITATION_OPEN_FOR,
                answered_at: None,
                ended_at: None,
            };
            store::insert(tx, row.clone()).await?;
            row
        }
    };
    if row.state == State::Waiting {
        announce(app, tx, &row, now).await?;
    }
    Ok(Done::Keep(Changed::AsAsked))
}

async fn announce(app: &App, tx: &Tx, row: &Model, now: DateTime<Utc>) -> Result<(), Fault> {
    let what = Announcement {
        member: row.member_id,
        kind: Kind::CircleInvitation,
        dedup_key: invitation_key(row.id),
        subject: Some(row.id.0),
        not_before: now,
        expires_at: row.expires_at,
        caused_by: row.invited_by,
    };
    nudge::service::announce(app, tx, &what).await
}

/// Why nobody more can be invited into a circle, or by a facilitator today. Those that nobody hears of count as well:
/// else the limit would tell them apart.
async fn too_many(
    tx: &Tx,
    circle: CircleId,
    by: Option<MemberId>,
    now: DateTime<Utc>,
) -> Result<Option<Changed>, Fault> {
    if store::count_open(tx, circle, now).await? >= MOST_OPEN_INVITATIONS {
        return Ok(Some(Changed::TooManyInvitations));
    }
    let Some(by) = by else {
        return Ok(None);
    };
    let since = now - TimeDelta::days(1);
    let oldest = store::nth_latest_by(tx, by, since, MOST_INVITATIONS_A_DAY).await?;
    Ok(oldest.map(|at| Changed::TooManyToday(at + TimeDelta::days(1))))
}

/// Takes the invitation of a member back; idempotent.
pub(super) async fn take_back(
    app: &App,
    tx: &Tx,
    circle: CircleId,
    member: MemberId,
) -> Result<(), Fault> {
    let ended = store::end(tx, store::Of::Pair(circle, member), app.clock.now()).await?;
    withdraw(tx, &ended).await
}

/// A facilitator does not run a circle any more: his invitations into it are over.
pub async fn end_by(app: &App, tx: &Tx, circle: CircleId, by: MemberId) -> Result<(), Fault> {
    let ended = store::end(tx, store::Of::Inviter(circle, by), app.clock.now()).await?;
    withdraw(tx, &ended).await
}

/// A member is hidden: whoever invited him or is invited by him waits for nothing any more.
pub async fn end_all_of(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let ended = store::end(tx, store::Of::Anybody(member), app.clock.now()).await?;
    withdraw(tx, &ended).await
}

async fn withdraw(tx: &Tx, ended: &[Model]) -> Result<(), Fault> {
    for row in ended {
        nudge::service::withdraw(tx, row.member_id, &invitation_key(row.id)).await?;
    }
    Ok(())
}

/// A member left a circle by himself: nobody asks him into it again for a while.
pub(super) async fn left(
    app: &App,
    tx: &Tx,
    circle: CircleId,
    member: MemberId,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let row = Model {
        id: app.ids.next(),
        circle_id: circle,
        member_id: member,
        invited_by: None,
        role: CircleRole::Member,
        state: State::Left,
        at: now,
        expires_at: now,
        answered_at: Some(now),
        ended_at: Some(now),
    };
    store::insert(tx, row).await
}

/// Tells a member, in his inbox, that he was taken out of a circle.
pub(super) async fn tell_removed(
    app: &App,
    tx: &Tx,
    (circle, by): (CircleId, MemberId),
    member: MemberId,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let once: CircleInvitationId = app.ids.next();
    let what = Announcement {
        member,
        kind: Kind::RemovedFromCircle,
        dedup_key: format!("removed_from_circle:{once}"),
        subject: Some(circle.0),
        not_before: now,
        expires_at: now + REMOVAL_FRESH_FOR,
        caused_by: Some(by),
    };
    nudge::service::announce(app, tx, &what).await
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// He is in this circle.
    Joined(CircleId),
    /// He said no, and it is not there for him any more.
    Declined,
    /// There is no such invitation for him.
    NotFound,
    /// He said yes before.
    SaidYes,
}

/// Answers an invitation. A yes joins the circle, and is his consent that it sees what he shows his circles; a no is
/// told to nobody.
pub async fn answer(
    app: &App,
    me: MemberId,
    id: CircleInvitationId,
    accept: bool,
) -> Result<Answered, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(found) = store::find(tx, me, id).await? else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        let circle = found.circle_id;
        circles::lock(tx, circle).await?;
        let Some(row) = store::find(tx, me, id).await? else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        let is_in = circles::role(tx, circle, me).await?.is_some();
        let as_asked = if accept {
            Answered::Joined(circle)
        } else {
            Answered::Declined
        };
        match answering(&row, is_in, accept, now) {
            Answering::Take => {}
            Answering::Stands => return Ok(Done::Undo(as_asked)),
            Answering::NotThere => return Ok(Done::Undo(Answered::NotFound)),
            Answering::SaidYes => return Ok(Done::Undo(Answered::SaidYes)),
        }
        if !may_still_invite(tx, &row).await? {
            return Ok(Done::Undo(Answered::NotFound));
        }
        let state = if accept {
            State::Accepted
        } else {
            State::Declined
        };
        if !store::answer(tx, id, state, now).await? {
            return Ok(Done::Undo(Answered::NotFound));
        }
        nudge::service::withdraw(tx, me, &invitation_key(id)).await?;
        if accept && !is_in {
            join(app, tx, &row, now).await?;
        }
        Ok(Done::Keep(as_asked))
    })
}

/// Whether whoever invited runs the circle, and the two can see each other.
async fn may_still_invite(tx: &Tx, row: &Model) -> Result<bool, Fault> {
    let Some(by) = row.invited_by else {
        return Ok(false);
    };
    let role = circles::role(tx, row.circle_id, by).await?;
    Ok(role == Some(CircleRole::Facilitator) && is_visible(tx, row.member_id, by).await?)
}

async fn join(app: &App, tx: &Tx, row: &Model, now: DateTime<Utc>) -> Result<(), Fault> {
    let (circle, member) = (row.circle_id, row.member_id);
    // His account may not let him run circles any more.
    let runs = row.role == CircleRole::Facilitator
        && account::service::lock_role(tx, member).await? == Role::Facilitator;
    let role = if runs {
        CircleRole::Facilitator
    } else {
        CircleRole::Member
    };
    circles::put(tx, circle, member, role, now).await?;
    let given = Given {
        member,
        purpose: Purpose::CircleSharing,
        other: None,
        detail: circle.to_string(),
        at: now,
    };
    consent::service::give(app, tx, &given).await?;
    app.follow(tx, Fact::CircleRoleChanged { circle, member })
        .await
}

/// The condition that the member that an expression names invites the viewer, who has not answered: he sees him
/// meanwhile.
pub fn invites(viewer: MemberId, other: Expr, now: DateTime<Utc>) -> Expr {
    store::invites(viewer, other, now)
}

/// A page, and one more, of the invitations that wait for the viewer, the latest first, with who invites him: two
/// statements.
pub async fn invitations(
    app: &App,
    viewer: Viewer,
    page: &Page<MY_INVITATIONS>,
) -> Result<Vec<Seen>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let rows = store::list(app.db.pool(), me, app.clock.now(), page).await?;
    with_inviters(app, viewer, rows).await
}

/// Invitations by their ids; those that do not wait for the viewer are left out.
pub async fn invitations_by_ids(
    app: &App,
    viewer: Viewer,
    ids: &[CircleInvitationId],
) -> Result<Vec<Seen>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let rows = store::by_ids(app.db.pool(), me, app.clock.now(), ids).await?;
    with_inviters(app, viewer, rows).await
}

async fn with_inviters(
    app: &App,
    viewer: Viewer,
    rows: Vec<Invitation>,
) -> Result<Vec<Seen>, Fault> {
    let mut inviters: Vec<MemberId> = rows.iter().map(|row| row.invited_by).collect();
    inviters.sort_unstable();
    inviters.dedup();
    let profiles: HashMap<_, _> = profile::service::profiles(app, viewer, &inviters).await?;
    let seen = rows.into_iter().filter_map(|row| {
        let profile = profiles.get(&row.invited_by)?.clone();
        Some((row, profile))
    });
    Ok(seen.collect())
}

/// How many invitations wait for a member.
pub async fn invitation_count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me, app.clock.now()).await
}

/// Those of these invitations that still wait for an answer.
pub async fn still_open(
    db: &impl ConnectionTrait,
    ids: &[CircleInvitationId],
    now: DateTime<Utc>,
) -> Result<Vec<CircleInvitationId>, Fault> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    store::open_among(db, ids, now).await
}

/// Closes invitations that lapsed, and removes what has had its day.
/// One slice; returns whether there is more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let now = app.clock.now();
    let closed = transact!(app, |tx| {
        let closed = store::close_lapsed(tx, now, CLOSED_AT_ONCE).await?;
        withdraw(tx, &closed).await?;
        Ok(Done::Keep(closed.len() as u64))
    })?;
    let removed = store::remove_old(app.db.pool(), now - KEPT).await?;
    Ok(closed == CLOSED_AT_ONCE || removed == SLICE)
}
