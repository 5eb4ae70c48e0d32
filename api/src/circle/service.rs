//! What men do with their circles, and what other domains ask of them.

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
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::fact::Fact;
use crate::page::Page;
use crate::profile;
use crate::profile::model::Profile;
use crate::viewer::Viewer;
use crate::visibility::is_visible;

pub use handover::{
    Appointed, appoint, hand_over_all, mail_unled, step_down_everywhere, who_runs,
    without_facilitator,
};
pub use invitations::{
    Answered, MY_INVITATIONS, answer, end_all_of, end_by, housekeep, invitation_count, invitations,
    invitations_by_ids, invites, still_open,
};
pub use store::{CIRCLE_MEMBERS, MY_CIRCLES};

/// Whether two members are in one circle.
pub async fn shares_circle(
    db: &impl ConnectionTrait,
    a: MemberId,
    b: MemberId,
) -> Result<bool, Fault> {
    store::shares_circle(db, a, b).await
}

/// Whether a member is in a circle, whatever he does there.
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

/// The condition that the viewer and the member that a column names are in one circle.
pub fn shared_by(viewer: MemberId, other: Expr) -> Expr {
    store::shared_by(viewer, other)
}

/// The condition that the viewer and the member that a column names are both in this circle, and were at an instant.
pub fn in_it_with_since(viewer: MemberId, circle: CircleId, other: Expr, at: Expr) -> Expr {
    store::in_it_with_since(viewer, circle, other, at)
}

/// Keeps who is in a circle, and who runs it, from changing until the transaction ends. Circles are held before members.
pub async fn hold(tx: &Tx, circle: CircleId) -> Result<(), Fault> {
    store::hold(tx, circle).await
}

/// The condition that the man that a column names runs the circle that another names, in which the member is that a
/// third names.
pub fn is_run_for(circle: Expr, facilitator: Expr, member: Expr) -> Expr {
    store::is_run_for(circle, facilitator, member)
}

/// Circles by their ids, in one statement and in no order; those the viewer is not in are left out.
pub async fn these(app: &App, viewer: Viewer, ids: &[CircleId]) -> Result<Vec<Circle>, Fault> {
    match viewer {
        Viewer::Member(signed_in) => store::these(app.db.pool(), signed_in.member, ids).await,
        Viewer::Anonymous => Ok(Vec::new()),
    }
}

/// A page, and one more, of the circles a member is in, by when he joined them.
pub async fn circles(
    app: &App,
    me: MemberId,
    page: &Page<MY_CIRCLES>,
) -> Result<Vec<Circle>, Fault> {
    store::list(app.db.pool(), me, page).await
}

/// How many circles a member is in.
pub async fn circle_count(app: &App, me: MemberId) -> Result<u64, Fault> {
    store::count(app.db.pool(), me).await
}

/// A page, and one more, of the men in a circle, by when they joined it; nobody unless the viewer is in it.
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

/// What became of a circle that was to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there.
    AsAsked,
    /// Only facilitators make circles.
    NotFacilitator,
    /// Its id was sent before with another content.
    Conflict,
}

/// Makes a circle, which its maker runs.
pub async fn create(app: &App, me: MemberId, new: &NewCircle) -> Result<Created, Fault> {
    transact!(app, |tx| {
        if account::service::role(tx, me).await? != Role::Facilitator {
            return Ok(Done::Undo(Created::NotFacilitator));
        }
        let now = app.clock.now();
        if store::insert(tx, new, now).await? {
            store::put(tx, new.id, me, CircleRole::Facilitator, now).await?;
            return Ok(Done::Keep(Created::AsAsked));
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
            Created::AsAsked
        } else {
            Created::Conflict
        }))
    })
}

/// What became of a change of who is in a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is as it was asked to be.
    AsAsked,
    /// There is no such circle for the one who asks.
    NoCircle,
    /// He is in the circle, but does not run it.
    NotFacilitator,
    /// There is no such member for the one who asks.
    NoMember,
    /// The member may not run circles.
    MayNotRun,
    /// Nobody else runs the circle.
    LastFacilitator,
    /// As many invitations into this circle wait as may.
    TooManyInvitations,
    /// He invited as many members today as he may; he can invite more from then on.
    TooManyToday(DateTime<Utc>),
}

/// Invites a member into a circle, or changes what one does who is in it.
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
            return Ok(Done::Undo(Changed::AsAsked));
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
        Ok(Done::Keep(Changed::AsAsked))
    })
}

/// Takes a man out of a circle, or his invitation back; it is well if there was neither.
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
            return Ok(Done::Keep(Changed::AsAsked));
        }
        take_out(app, tx, circle, member, me).await
    })
}

/// Leaves a circle; it is well if he was not in it, or there is none.
pub async fn leave(app: &App, me: MemberId, circle: CircleId) -> Result<Changed, Fault> {
    transact!(app, |tx| {
        store::lock(tx, circle).await?;
        take_out(app, tx, circle, me, me).await
    })
}

/// Locks a circle, and says why somebody may not change who is in it.
async fn refusal(tx: &Tx, me: MemberId, circle: CircleId) -> Result<Option<Changed>, Fault> {
    store::lock(tx, circle).await?;
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
        return Ok(Done::Undo(Changed::AsAsked));
    }
    if steps_down(now, None) && !store::has_other_facilitator(tx, circle, member).await? {
        return Ok(Done::Undo(Changed::LastFacilitator));
    }
    store::delete(tx, circle, member).await?;
    if by == member {
        invitations::left(app, tx, circle, member).await?;
    } else {
        invitations::tell_removed(app, tx, (circle, by), member).await?;
    }
    app.follow(tx, Fact::LeftCircle { circle, member }).await?;
    Ok(Done::Keep(Changed::AsAsked))
}
