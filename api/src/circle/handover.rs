//! Handing a circle to another facilitator when its facilitator leaves, and the notifications of that.

use chrono::TimeDelta;
use entity::account::Role;
use entity::notification::Kind;
use entity::{CircleId, MemberId};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::CircleRole;
use super::store;
use crate::account;
use crate::app::App;
use crate::error::Fault;
use crate::fact::Fact;
use crate::jobs::{self, Job};
use crate::mail::letters;
use crate::outbox::{self, Announcement};
use crate::transact;
use crate::tx::{Done, Tx};
use crate::visibility::is_taking_part;

/// How long the push that tells a member that he runs a circle is worth sending.
const FRESH_FOR: TimeDelta = TimeDelta::days(7);

/// Notifies a member that he runs a circle from now on. `by` is the member who caused it, if any.
pub(super) async fn tell(
    app: &App,
    tx: &Tx,
    (circle, by): (CircleId, Option<MemberId>),
    member: MemberId,
) -> Result<(), Fault> {
    let now = app.clock.now();
    let once: Uuid = app.ids.next();
    let what = Announcement {
        member,
        kind: Kind::RunsCircle,
        dedup_key: format!("runs_circle:{once}"),
        subject: Some(circle.0),
        not_before: now,
        expires_at: now + FRESH_FOR,
        caused_by: by,
    };
    outbox::announce(app, tx, &what).await
}

/// Returns the given pairs in which the member is a facilitator of the circle. May also return other combinations of
/// the given members and circles.
pub async fn who_runs(
    db: &impl ConnectionTrait,
    of: &[(MemberId, CircleId)],
) -> Result<Vec<(MemberId, CircleId)>, Fault> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    store::who_runs(db, of).await
}

/// Hands over each circle that a leaving member runs. He keeps his own role until he is removed for good, so that he
/// runs the circles again if he stays.
pub async fn hand_over_all(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    for circle in store::lock_run_by(tx, member).await? {
        hand_over(app, tx, circle, member).await?;
    }
    Ok(())
}

/// Makes a member who may no longer run circles an ordinary member of each circle he runs, and hands the circles over.
pub async fn step_down_everywhere(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    for circle in store::lock_run_by(tx, member).await? {
        hand_over(app, tx, circle, member).await?;
        store::put(tx, circle, member, CircleRole::Member, app.clock.now()).await?;
        app.follow(tx, Fact::SteppedDown { circle, member }).await?;
    }
    Ok(())
}

/// Does nothing if the circle has another facilitator. Otherwise promotes the member who has been in the circle longest
/// and may run it. Reports a circle that nobody may run to the operators.
async fn hand_over(app: &App, tx: &Tx, circle: CircleId, from: MemberId) -> Result<(), Fault> {
    if store::has_other_facilitator(tx, circle, from).await? {
        return Ok(());
    }
    let Some(member) = store::successor(tx, circle, from).await? else {
        return report_unled(app, tx, circle).await;
    };
    store::put(tx, circle, member, CircleRole::Facilitator, app.clock.now()).await?;
    tracing::info!(%circle, %member, "a circle was handed over");
    tell(app, tx, (circle, None), member).await?;
    app.follow(tx, Fact::CircleRoleChanged { circle, member })
        .await
}

/// Reports a circle that nobody may run: by a counter, a log line, and a letter to the operators if they have an inbox.
async fn report_unled(app: &App, tx: &Tx, circle: CircleId) -> Result<(), Fault> {
    metrics::counter!("belay_circles_left_without_facilitator_total").increment(1);
    tracing::warn!(%circle, "a circle has no facilitator: `belay circle appoint` names one");
    if app.config.operations.inbox.is_empty() {
        return Ok(());
    }
    let job = Job::MailUnledCircle { circle };
    let dedup_key = format!("unled circle:{circle}");
    jobs::enqueue_once(app, tx, &job, app.clock.now(), dedup_key).await?;
    tx.wake();
    Ok(())
}

/// Sends the operators a letter about a circle without a facilitator, unless it has one by now.
pub async fn mail_unled(app: &App, circle: CircleId) -> Result<(), Fault> {
    let to = &app.config.operations.inbox;
    if to.is_empty()
        || !store::without_facilitator(app.db.pool())
            .await?
            .contains(&circle)
    {
        return Ok(());
    }
    let letter = letters::circle_without_facilitator(to, circle);
    app.mailer.send(letter, app.clock.now()).await.map(|_| ())
}

/// Returns the circles without a visible facilitator.
pub async fn without_facilitator(db: &impl ConnectionTrait) -> Result<Vec<CircleId>, Fault> {
    store::without_facilitator(db).await
}

/// The outcome of [`appoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appointed {
    /// The member runs the circle.
    Succeeded,
    /// The circle does not exist.
    NoCircle,
    /// The member does not exist, or is hidden.
    NoMember,
    /// The member's account does not have the facilitator role.
    MayNotRun,
}

/// Makes a member a facilitator of a circle, whether he was in it or not. For operators.
pub async fn appoint(app: &App, circle: CircleId, member: MemberId) -> Result<Appointed, Fault> {
    transact!(app, |tx| {
        if !store::lock_for_update(tx, circle).await? {
            return Ok(Done::Undo(Appointed::NoCircle));
        }
        if !is_taking_part(tx, member).await? {
            return Ok(Done::Undo(Appointed::NoMember));
        }
        if account::service::lock_role(tx, member).await? != Role::Facilitator {
            return Ok(Done::Undo(Appointed::MayNotRun));
        }
        if store::role(tx, circle, member).await? == Some(CircleRole::Facilitator) {
            return Ok(Done::Undo(Appointed::Succeeded));
        }
        store::put(tx, circle, member, CircleRole::Facilitator, app.clock.now()).await?;
        tell(app, tx, (circle, None), member).await?;
        app.follow(tx, Fact::CircleRoleChanged { circle, member })
            .await?;
        Ok(Done::Keep(Appointed::Succeeded))
    })
}
