//! Applies a batch of answers to the addresses: gives them up, puts them on trial, or trusts them again.

use std::collections::{HashMap, HashSet};

use entity::device::DeadReason;
use entity::{DeviceId, LeaseHolder};

use super::tally_store as tally;
use crate::app::App;
use crate::device::{self, model::Reachable};
use crate::error::Fault;
use crate::push::Outcome;

/// Stores the verdicts, and returns the devices whose addresses are given up. It runs once the whole batch has its
/// answers, so that a mass is noticed before the first address is given up.
pub(super) async fn judge(
    app: &App,
    worker: LeaseHolder,
    answers: &[(&Reachable, &Outcome)],
) -> Result<HashSet<DeviceId>, Fault> {
    let (db, now) = (app.db.pool(), app.clock.now());
    let took: Vec<_> = answers
        .iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Accepted { .. }))
        .map(|(device, _)| *device)
        .collect();
    let dead: Vec<_> = answers
        .iter()
        .filter_map(|(device, outcome)| match outcome {
            Outcome::Dead(reason) => Some((*device, *reason)),
            _ => None,
        })
        .collect();
    if took.is_empty() && dead.is_empty() {
        return Ok(HashSet::new());
    }
    let count = |answers: usize| u32::try_from(answers).unwrap_or(u32::MAX);
    tally::add(db, worker, now, (count(took.len()), count(dead.len()))).await?;

    let mut gone: HashMap<DeadReason, Vec<&Reachable>> = HashMap::new();
    if !dead.is_empty() {
        let lately = tally::lately(db, now).await?;
        if lately.is_mass()
            && let Some(alert) = app.push.gate.note_mass(app.clock.uptime())
        {
            alert.tell(None);
        }
        let mut doubted = Vec::new();
        for (device, reason) in dead {
            if lately.gives_up(device.doubted_at, now) {
                gone.entry(reason).or_default().push(device);
            } else {
                doubted.push(device);
            }
        }
        for (reason, devices) in &gone {
            device::service::give_up(app, db, devices, *reason).await?;
        }
        device::service::doubt(app, db, &doubted).await?;
    }
    let trusted: Vec<_> = took
        .into_iter()
        .filter(|device| device.doubted_at.is_some())
        .collect();
    device::service::trust(db, &trusted).await?;
    Ok(gone.into_values().flatten().map(|it| it.id).collect())
}
