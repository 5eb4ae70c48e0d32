//! Who runs a circle when its facilitator leaves, and who is told.

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
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::fact::Fact;
use crate::jobs::{self, Job};
use crate::mail::letters;
use crate::nudge::{self, Announcement};
use crate::visibility::is_taking_part;

/// A push that somebody runs a circle is worth sending for so long.
const FRESH_FOR: TimeDelta = TimeDelta::days(7);

/// Tells a member that he runs a circle from now on.
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
    nudge::service::announce(app, tx, &what).await
}

/// Which of these members run which of these circles.
pub async fn who_runs(
    db: &impl ConnectionTrait,
    of: &[(MemberId, CircleId)],
) -> Result<Vec<(MemberId, CircleId)>, Fault> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    store::who_runs(db, of).await
}

/// Makes sure that somebody else runs each circle that a member runs: he is leaving. He keeps his place until he is
/// gone, and runs them again if he stays.
pub async fn hand_over_all(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    for circle in store::lock_run_by(tx, member).await? {
        hand_over(app, tx, circle, member).await?;
    }
    Ok(())
}

/// A member may run circles no longer: he steps down in each that he runs, and somebody else runs it.
pub async fn step_down_everywhere(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    for circle in store::lock_run_by(tx, member).await? {
        hand_over(app, tx, circle, member).await?;
        store::put(tx, circle, member, CircleRole::Member, app.clock.now()).await?;
        app.follow(tx, Fact::SteppedDown { circle, member }).await?;
    }
    Ok(())
}

/// Lets another facilitator go on, or else makes the member one who has been in the circle for longest and may run it.
/// A circle that nobody may run is reported to the operators.
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

/// Reports a circle that nobody may run: a counter, a line in the log, and a letter to the operators if they have an inbox.
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

/// Writes to the operators that nobody runs a circle, unless somebody does by now.
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

/// The circles that nobody runs.
pub async fn without_facilitator(db: &impl ConnectionTrait) -> Result<Vec<CircleId>, Fault> {
    store::without_facilitator(db).await
}

/// What became of an operator's wish that a member runs a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appointed {
    /// He runs it.
    AsAsked,
    /// There is no such circle.
    NoCircle,
    /// No member who takes part has this id.
    NoMember,
    /// His account is not a facilitator's.
    MayNotRun,
}

/// Makes a member run a circle, whether he was in it or not; for operators.
pub async fn appoint(app: &App, circle: CircleId, member: MemberId) -> Result<Appointed, Fault> {
    transact!(app, |tx| {
        if !store::lock(tx, circle).await? {
            return Ok(Done::Undo(Appointed::NoCircle));
        }
        if !is_taking_part(tx, member).await? {
            return Ok(Done::Undo(Appointed::NoMember));
        }
        if account::service::lock_role(tx, member).await? != Role::Facilitator {
            return Ok(Done::Undo(Appointed::MayNotRun));
        }
        if store::role(tx, circle, member).await? == Some(CircleRole::Facilitator) {
            return Ok(Done::Undo(Appointed::AsAsked));
        }
        store::put(tx, circle, member, CircleRole::Facilitator, app.clock.now()).await?;
        tell(app, tx, (circle, None), member).await?;
        app.follow(tx, Fact::CircleRoleChanged { circle, member })
            .await?;
        Ok(Done::Keep(Appointed::AsAsked))
    })
}
