//! Hourly housekeeping: every domain removes its expired rows, a slice at a time.

use chrono::TimeDelta;
use futures::FutureExt as _;

use super::due::Ask;
use crate::app::App;
use crate::db::SLICE;
use crate::error::Fault;
use crate::http::documents;
use crate::jobs::{Job, enqueue_once, store};
use crate::notification::delivery;
use crate::transact;
use crate::tx::Done;
use crate::{account, circle, device, matching, notification, pact, sync};

const EVERY: TimeDelta = TimeDelta::hours(1);
/// How long the operator can see a failed job. It does not stay longer, because its payload may name an address.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How many slices a domain removes in a row. The rest is left to another round that follows at once, so that the other
/// domains get their turn and a worker that is to stop can stop.
const SLICES_IN_A_ROW: u32 = 20;

/// One domain's part: removes a slice of its expired rows and returns whether there is more.
struct Chore {
    name: &'static str,
    slice: Ask<bool>,
}

const CHORES: [Chore; 10] = [
    Chore {
        name: "accounts",
        slice: |app| account::jobs::housekeep(app).boxed(),
    },
    Chore {
        name: "devices",
        slice: |app| device::service::housekeep(app).boxed(),
    },
    Chore {
        name: "circles",
        slice: |app| circle::service::housekeep(app).boxed(),
    },
    Chore {
        name: "pacts",
        slice: |app| pact::service::housekeep(app).boxed(),
    },
    Chore {
        name: "peerings",
        slice: |app| matching::service::housekeep(app).boxed(),
    },
    Chore {
        name: "notifications",
        slice: |app| notification::check::housekeep(app).boxed(),
    },
    Chore {
        name: "pushes",
        slice: |app| delivery::service::housekeep(app).boxed(),
    },
    Chore {
        name: "feeds",
        slice: |app| sync::service::housekeep(app).boxed(),
    },
    Chore {
        name: "documents",
        slice: |app| documents::jobs::housekeep(app).boxed(),
    },
    Chore {
        name: "jobs",
        slice: |app| given_up(app).boxed(),
    },
];

async fn given_up(app: &App) -> Result<bool, Fault> {
    let removed = store::remove_failed(app.db.pool(), app.clock.now() - KEPT).await?;
    Ok(removed == SLICE)
}

/// Schedules a round. However many workers schedule one, there is only one.
pub(super) async fn schedule(app: &App, after: TimeDelta) -> Result<(), Fault> {
    let at = app.clock.now() + after;
    transact!(app, |tx| {
        let key = "housekeeping".to_owned();
        enqueue_once(app, tx, &Job::Housekeeping, at, key).await?;
        Ok(Done::Keep(()))
    })
}

/// Runs one round. The next one is scheduled first, so that it runs whatever happens in this one. A failure in one
/// domain does not stop the others.
pub(super) async fn round(app: &App) -> Result<(), Fault> {
    schedule(app, EVERY).await?;
    let (mut more, mut failed) = (false, None);
    for chore in &CHORES {
        match turn(app, chore).await {
            Ok(left) => more |= left,
            Err(fault) => {
                tracing::warn!(
                    chore = chore.name,
                    class = fault.class(),
                    "housekeeping failed"
                );
                failed.get_or_insert(fault);
            }
        }
    }
    app.db.forget_log().await?;
    if more {
        schedule(app, TimeDelta::zero()).await?;
    }
    failed.map_or(Ok(()), Err)
}

async fn turn(app: &App, chore: &Chore) -> Result<bool, Fault> {
    for _ in 0..SLICES_IN_A_ROW {
        if !(chore.slice)(app).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
