//! When what ties two men is over, and with it what the one is told of the other.

use entity::{CircleId, MemberId, PeeringId};

use super::{store, taken_down};
use crate::app::App;
use crate::db::Tx;
use crate::error::Fault;
use crate::ladder::model::Rung;

/// Two men are partners no longer: neither is told of the other. Both are held.
pub async fn end_of_peering(app: &App, tx: &Tx, peering: PeeringId) -> Result<(), Fault> {
    let rungs = store::with_peering(tx, peering).await?;
    take_down(app, tx, &rungs).await
}

/// A member is in a circle no longer: he is told of nobody by it, and nobody of him.
pub async fn out_of_circle(
    app: &App,
    tx: &Tx,
    circle: CircleId,
    member: MemberId,
) -> Result<(), Fault> {
    let rungs = store::with_circle(tx, circle, member).await?;
    take_down(app, tx, &rungs).await
}

/// A member runs a circle no longer: he is told of nobody by it.
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

/// Takes rungs down. A ladder that was to tell by one of them finds, when the time comes, what is left of it.
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
