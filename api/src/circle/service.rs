//! Circles as members and other domains use them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::account::Role;
use entity::{CircleId, MemberId};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::Expr;

use super::model::{Circle, CircleRole, Membership, NewCircle, role_to_be, steps_down};
use super::{handover, invitations, store};
use crate::account;
use crate::app::App;
use crate::error::Fault;
use crate::fact::Fact;
use crate::page::Page;
use crate::profile;
use crate::profile::model::Profile;
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::Viewer;
use crate::visibility::is_visible;

pub use handover::{
    Appointed, appoint, hand_over_all, mail_unled, step_down_everywhere, who_runs,
    without_facilitator,
};
pub use invitations::{
    Answered, MY_INVITATIONS, answer, end_all_of, end_by, housekeep, invitation_count, invitations,
    invitations_by_ids, still_open,
};
pub use store::{CIRCLE_MEMBERS, MY_CIRCLES};

/// Whether two members share a circle.
pub async fn shares_circle(
    db: &impl ConnectionTrait,
    a: MemberId,
    b: MemberId,
) -> Result<bool, Fault> {
    store::shares_circle(db, a, b).await
}

/// Whether a member is in a circle, in any role.
pub async fn is_member(
    db: &impl ConnectionTrait,
    circle: CircleId,
    member: MemberId,
) -> Result<bool, Fault> {
    Ok(store::role(db, circle, member).await?.is_some())
}

/// Whether a member runs a circle.
pub async fn is_facilitator(
    db: &impl ConnectionTrait,
    circle: CircleId,
    member: MemberId,
) -> Result<bool, Fault> {
    Ok(store::role(db, circle, member).await? == Some(CircleRole::Facilitator))
}

/// The condition that the viewer and the member in the column `other` are both in this circle, and had joined it by
/// the instant `at`.
pub fn both_in_circle_since(viewer: MemberId, circle: CircleId, other: Expr, at: Expr) -> Expr {
    store::both_in_circle_since(viewer, circle, other, at)
}

/// Locks a circle `FOR SHARE`: its members and their roles cannot change until the transaction ends. Lock circles
/// before members.
pub async fn lock_shared(tx: &Tx, circle: CircleId) -> Result<(), Fault> {
    store::lock_shared(tx, circle).await
}

/// The condition that `facilitator` runs `circle`, and `member` is in it. Each argument names a column.
pub fn is_facilitator_of_member(circle: Expr, facilitator: Expr, member: Expr) -> Expr {
    store::is_facilitator_of_member(circle, facilitator, member)
}

/// Fetches the given circles that the viewer is in, in no particular order. One statement.
pub async fn by_ids(app: &App, viewer: Viewer, ids: &[CircleId]) -> Result<Vec<Circle>, Fault> {
    match viewer {
        Viewer::Member(signed_in) => store::by_ids(app.db.pool(), signed_in.member, ids).await,
        Viewer::Anonymous => Ok(Vec::new()),
    }
}

/// Fetches up to `limit + 1` circles of a member, in the order he joined them.
pub async fn circles(
    app: &App,
    me: MemberId,
    page: &Page<MY_CIRCLES>,
) -> Result<Vec<Circle>, Fault> {
    store::list(app.db.pool(), me, page).await
}

/// Counts the circles a member is in.
pub async fn circle_count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me).await
}

/// Fetches up to `limit + 1` members of a circle, in the order they joined. Empty if the viewer is not in it.
pub async fn members(
    app: &App,
    viewer: Viewer,
    circle: CircleId,
    page: &Page<CIRCLE_MEMBERS>,
) -> Result<Vec<(Membership, Profile)>, Fault> {
    let Some(me) = viewer.member() else {
        return Ok(Vec::new());
    };
    let rows = store::members(app.db.pool(), me, circle, page).await?;
    let ids: Vec<MemberId> = rows.iter().map(|row| row.member).collect();
    let mut profiles: HashMap<_, _> = profile::service::profiles(app, viewer, &ids).await?;
    let with_profile = rows
        .into_iter()
        .filter_map(|row| Some((row, profiles.remove(&row.member)?)));
    Ok(with_profile.collect())
}

/// The outcome of [`create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The circle exists as requested.
    Succeeded,
    /// The caller's account does not have the facilitator role.
    NotFacilitator,
    /// The id is taken by a circle with different content.
    Conflict,
}

/// Creates a circle. Its creator becomes its facilitator. Idempotent: the same request again changes nothing.
pub async fn create(app: &App, me: MemberId, new: &NewCircle) -> Result<Created, Fault> {
    transact!(app, |tx| {
        if account::service::role(tx, me).await? != Role::Facilitator {
            return Ok(Done::Undo(Created::NotFacilitator));
        }
        let now = app.clock.now();
        if store::insert(tx, new, now).await? {
            store::put(tx, new.id, me, CircleRole::Facilitator, now).await?;
            return Ok(Done::Keep(Created::Succeeded));
        }
        let same = store::find(tx, me, new.id).await?.is_some_and(|there| {
            (there.name, there.purpose, there.role)
                == (
                    new.name.clone(),
                    new.purpose.clone(),
                    CircleRole::Facilitator,
                )
        });
        Ok(Done::Undo(if same {
            Created::Succeeded
        } else {
            Created::Conflict
        }))
    })
}

/// The outcome of a change to a circle's members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The state is as requested.
    Succeeded,
    /// The caller is not in such a circle.
    NoCircle,
    /// The caller is in the circle, but does not run it.
    NotFacilitator,
    /// No such member is visible to the caller.
    NoMember,
    /// The member's account does not have the facilitator role.
    MayNotRun,
    /// The circle would be left without a facilitator.
    LastFacilitator,
    /// The circle has reached its limit of waiting invitations.
    TooManyInvitations,
    /// The caller has reached his limit of invitations for a day. He can invite again from this instant on.
    TooManyToday(DateTime<Utc>),
}

/// Invites a member into a circle, or changes the role of one who is in it.
pub async fn add_member(
    app: &App,
    me: MemberId,
    circle: CircleId,
    member: MemberId,
    asked: Option<CircleRole>,
) -> Result<Changed, Fault> {
    transact!(app, |tx| {
        if let Some(refusal) = refusal(tx, me, circle).await? {
            return Ok(Done::Undo(refusal));
        }
        if !is_visible(tx, me, member).await? {
            return Ok(Done::Undo(Changed::NoMember));
        }
        let now = store::role(tx, circle, member).await?;
        let role = role_to_be(asked, now);
        if now == Some(role) {
            return Ok(Done::Undo(Changed::Succeeded));
        }
        if role == CircleRole::Facilitator
            && account::service::lock_role(tx, member).await? != Role::Facilitator
        {
            return Ok(Done::Undo(Changed::MayNotRun));
        }
        if now.is_none() {
            return invitations::invite(app, tx, (circle, me), member, role).await;
        }
        if steps_down(now, Some(role)) && !store::has_other_facilitator(tx, circle, member).await? {
            return Ok(Done::Undo(Changed::LastFacilitator));
        }
        store::put(tx, circle, member, role, app.clock.now()).await?;
        if role == CircleRole::Facilitator {
            handover::tell(app, tx, (circle, Some(me)), member).await?;
        }
        let fact = if steps_down(now, Some(role)) {
            Fact::SteppedDown { circle, member }
        } else {
            Fact::CircleRoleChanged { circle, member }
        };
        app.follow(tx, fact).await?;
        Ok(Done::Keep(Changed::Succeeded))
    })
}

/// Removes a member from a circle, or takes his invitation back. Idempotent: succeeds also if there was neither.
pub async fn remove_member(
    app: &App,
    me: MemberId,
    circle: CircleId,
    member: MemberId,
) -> Result<Changed, Fault> {
    transact!(app, |tx| {
        if let Some(refusal) = refusal(tx, me, circle).await? {
            return Ok(Done::Undo(refusal));
        }
        if store::role(tx, circle, member).await?.is_none() {
            invitations::take_back(app, tx, circle, member).await?;
            return Ok(Done::Keep(Changed::Succeeded));
        }
        take_out(app, tx, circle, member, me).await
    })
}

/// Leaves a circle. Idempotent: succeeds also if the caller was not in it, or it does not exist.
pub async fn leave(app: &App, me: MemberId, circle: CircleId) -> Result<Changed, Fault> {
    transact!(app, |tx| {
        store::lock_for_update(tx, circle).await?;
        take_out(app, tx, circle, me, me).await
    })
}

/// Locks a circle `FOR UPDATE`. Returns why this member may not change its members, or `None` if he may.
async fn refusal(tx: &Tx, me: MemberId, circle: CircleId) -> Result<Option<Changed>, Fault> {
    store::lock_for_update(tx, circle).await?;
    Ok(match store::role(tx, circle, me).await? {
        Some(CircleRole::Facilitator) => None,
        Some(CircleRole::Member) => Some(Changed::NotFacilitator),
        None => Some(Changed::NoCircle),
    })
}

async fn take_out(
    app: &App,
    tx: &Tx,
    circle: CircleId,
    member: MemberId,
    by: MemberId,
) -> Result<Done<Changed>, Fault> {
    let now = store::role(tx, circle, member).await?;
    if now.is_none() {
        return Ok(Done::Undo(Changed::Succeeded));
    }
    if steps_down(now, None) && !store::has_other_facilitator(tx, circle, member).await? {
        return Ok(Done::Undo(Changed::LastFacilitator));
    }
    store::delete(tx, circle, member).await?;
    if by == member {
        invitations::left(app, tx, circle, member).await?;
    } else {
        invitations::announce_removal(app, tx, (circle, by), member).await?;
    }
    app.follow(tx, Fact::LeftCircle { circle, member }).await?;
    Ok(Done::Keep(Changed::Succeeded))
}
