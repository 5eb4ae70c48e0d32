//! Removes rungs when the relationship they depend on ends.

use entity::{CircleId, MemberId, PeeringId};

use super::{store, taken_down};
use crate::app::App;
use crate::error::Fault;
use crate::ladder::model::Rung;
use crate::tx::Tx;

/// Removes the rungs between two members who are no longer partners. Both must be locked.
pub async fn end_of_peering(app: &App, tx: &Tx, peering: PeeringId) -> Result<(), Fault> {
    let rungs = store::with_peering(tx, peering).await?;
    take_down(app, tx, &rungs).await
}

/// Removes the rungs that depend on a member's place in a circle, as owner or as recipient.
pub async fn out_of_circle(
    app: &App,
    tx: &Tx,
    circle: CircleId,
    member: MemberId,
) -> Result<(), Fault> {
    let rungs = store::with_circle(tx, circle, member).await?;
    take_down(app, tx, &rungs).await
}

/// Removes the rungs that notify a member as a facilitator of a circle, because the member no longer is one.
pub async fn no_longer_runs(
    app: &App,
    tx: &Tx,
    circle: CircleId,
    member: MemberId,
) -> Result<(), Fault> {
    let mut rungs = store::with_circle(tx, circle, member).await?;
    rungs.retain(|rung| rung.told.is_some_and(|(told, _)| told == member));
    take_down(app, tx, &rungs).await
}

/// Removes rungs. The ladders' next due time stays: a worker looks at the remaining rungs when it comes.
async fn take_down(app: &App, tx: &Tx, rungs: &[Rung]) -> Result<(), Fault> {
    if rungs.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let ids: Vec<_> = rungs.iter().map(|rung| rung.id).collect();
    store::remove_rungs(tx, &ids).await?;
    for rung in rungs {
        taken_down(tx, rung, now).await?;
    }
    Ok(())
}
