//! Inviting members into circles, and answering invitations.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::account::Role;
use entity::circle_invitation::{Model, State};
use entity::consent::Purpose;
use entity::notification::Kind;
use entity::{CircleId, CircleInvitationId, MemberId};
use sea_orm::ConnectionTrait;

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
use crate::db::SLICE;
use crate::error::Fault;
use crate::fact::Fact;
use crate::outbox::{self, Announcement};
use crate::page::Page;
use crate::profile;
use crate::profile::model::Profile;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::Viewer;
use crate::visibility::is_visible;

pub use store::MY_INVITATIONS;

/// How many invitations one transaction closes at most.
const CLOSED_AT_ONCE: u64 = 500;
/// How long an invitation is kept after its end.
const KEPT: TimeDelta = TimeDelta::days(60);
/// How long the push that tells a member of his removal from a circle is worth sending.
const REMOVAL_FRESH_FOR: TimeDelta = TimeDelta::days(7);

/// An invitation as the invited member sees it, with the inviter's profile.
pub type InvitationWithInviter = (Invitation, Profile);

/// The dedup key of the notification of an invitation.
fn invitation_key(id: CircleInvitationId) -> String {
    format!("circle_invitation:{id}")
}

/// Invites a member who is not in the circle. The caller has locked the circle, and the inviter runs it. The outcome
/// does not depend on the member's earlier answers, so that the inviter learns nothing of them.
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
        Inviting::Stands(row) if row.role == role => return Ok(Done::Undo(Changed::Succeeded)),
        Inviting::Stands(row) => {
            store::set_role(tx, row.id, role).await?;
            return Ok(Done::Keep(Changed::Succeeded));
        }
        Inviting::Reopens(row) => {
            // Not counted against the daily limit: it was counted when it was first sent.
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
    Ok(Done::Keep(Changed::Succeeded))
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
    outbox::announce(app, tx, &what).await
}

/// Why the circle, or this facilitator today, can invite nobody more; `None` if they can. Silent invitations count as
/// well: otherwise the limit would reveal them.
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

/// Takes a member's invitation back. Idempotent: succeeds also if there is none.
pub(super) async fn take_back(
    app: &App,
    tx: &Tx,
    circle: CircleId,
    member: MemberId,
) -> Result<(), Fault> {
    let ended = store::end(tx, store::Of::Pair(circle, member), app.clock.now()).await?;
    withdraw(tx, &ended).await
}

/// Ends the invitations that a member sent for a circle which he no longer runs.
pub async fn end_by(app: &App, tx: &Tx, circle: CircleId, by: MemberId) -> Result<(), Fault> {
    let ended = store::end(tx, store::Of::Inviter(circle, by), app.clock.now()).await?;
    withdraw(tx, &ended).await
}

/// Ends every invitation that a hidden member sent or received.
pub async fn end_all_of(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    let ended = store::end(tx, store::Of::Anybody(member), app.clock.now()).await?;
    withdraw(tx, &ended).await
}

async fn withdraw(tx: &Tx, ended: &[Model]) -> Result<(), Fault> {
    for row in ended {
        outbox::withdraw(tx, row.member_id, &invitation_key(row.id)).await?;
    }
    Ok(())
}

/// Records that a member left a circle, so that invitations into it stay silent for a while.
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

/// Notifies a member that he was removed from a circle.
pub(super) async fn announce_removal(
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
    outbox::announce(app, tx, &what).await
}

/// The outcome of [`answer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// He is in this circle.
    Joined(CircleId),
    /// He declined, and no longer sees the invitation.
    Declined,
    /// No such invitation is visible to him.
    NotFound,
    /// He accepted earlier.
    SaidYes,
}

/// Answers an invitation. A yes adds the member to the circle, and records his consent that the circle sees what he
/// shares with his circles. Nobody is notified of a no.
pub async fn answer(
    app: &App,
    me: MemberId,
    id: CircleInvitationId,
    accept: bool,
) -> Result<Answered, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        // The first read only finds the circle. The invitation is read again once the circle is locked.
        let Some(found) = store::find(tx, me, id).await? else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        let circle = found.circle_id;
        circles::lock_for_update(tx, circle).await?;
        let Some(row) = store::find(tx, me, id).await? else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        let is_in = circles::role(tx, circle, me).await?.is_some();
        let outcome = if accept {
            Answered::Joined(circle)
        } else {
            Answered::Declined
        };
        match answering(&row, is_in, accept, now) {
            Answering::Apply => {}
            Answering::AlreadyApplied => return Ok(Done::Undo(outcome)),
            Answering::NotFound => return Ok(Done::Undo(Answered::NotFound)),
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
        outbox::withdraw(tx, me, &invitation_key(id)).await?;
        if accept && !is_in {
            join(app, tx, &row, now).await?;
        }
        Ok(Done::Keep(outcome))
    })
}

/// Whether the inviter still runs the circle, and he and the invited member can see each other.
async fn may_still_invite(tx: &Tx, row: &Model) -> Result<bool, Fault> {
    let Some(by) = row.invited_by else {
        return Ok(false);
    };
    let role = circles::role(tx, row.circle_id, by).await?;
    Ok(role == Some(CircleRole::Facilitator) && is_visible(tx, row.member_id, by).await?)
}

async fn join(app: &App, tx: &Tx, row: &Model, now: DateTime<Utc>) -> Result<(), Fault> {
    let (circle, member) = (row.circle_id, row.member_id);
    // The account may have lost the facilitator role since the invitation was sent.
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

/// Fetches up to `limit + 1` invitations that wait for the viewer, the latest first, with the inviters' profiles. Two
/// statements.
pub async fn invitations(
    app: &App,
    viewer: Viewer,
    page: &Page<MY_INVITATIONS>,
) -> Result<Vec<InvitationWithInviter>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let rows = store::list(app.db.pool(), me, app.clock.now(), page).await?;
    with_inviters(app, viewer, rows).await
}

/// Fetches the given invitations that wait for the viewer.
pub async fn invitations_by_ids(
    app: &App,
    viewer: Viewer,
    ids: &[CircleInvitationId],
) -> Result<Vec<InvitationWithInviter>, Fault> {
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
) -> Result<Vec<InvitationWithInviter>, Fault> {
    let mut inviters: Vec<MemberId> = rows.iter().map(|row| row.invited_by).collect();
    inviters.sort_unstable();
    inviters.dedup();
    let profiles: HashMap<_, _> = profile::service::profiles(app, viewer, &inviters).await?;
    let with_inviter = rows.into_iter().filter_map(|row| {
        let profile = profiles.get(&row.invited_by)?.clone();
        Some((row, profile))
    });
    Ok(with_inviter.collect())
}

/// Counts the invitations that wait for a member.
pub async fn invitation_count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me, app.clock.now()).await
}

/// Returns the given invitations that still wait for an answer.
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

/// Closes one slice of expired invitations, and deletes one slice of those kept long enough. Returns whether there may
/// be more.
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
