//! The hourly round: every domain removes what has had its day, a slice at a time.

use chrono::TimeDelta;
use futures::FutureExt as _;

use super::due::Ask;
use crate::app::App;
use crate::db::{Done, SLICE, transact};
use crate::error::Fault;
use crate::http::documents;
use crate::jobs::{Job, enqueue_once, store};
use crate::{account, circle, delivery, device, matching, nudge, pact, sync};

const EVERY: TimeDelta = TimeDelta::hours(1);
/// A job that was given up is there for the operator to see so long; its payload may name an address.
const KEPT: TimeDelta = TimeDelta::days(30);
/// A domain does so many slices in a row. What is left comes in a round that follows at once, when the others have had
/// their turn and a worker that is to stop has stopped.
const SLICES_IN_A_ROW: u32 = 20;

/// One domain's part. It removes a slice of what has had its day, and says whether there is more.
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
        slice: |app| nudge::service::housekeep(app).boxed(),
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

/// Makes sure that there is a round to come; however many workers ask, there is one.
pub(super) async fn schedule(app: &App, after: TimeDelta) -> Result<(), Fault> {
    let at = app.clock.now() + after;
    transact!(app, |tx| {
        let key = "housekeeping".to_owned();
        enqueue_once(app, tx, &Job::Housekeeping, at, key).await?;
        Ok(Done::Keep(()))
    })
}

/// One round. The next is scheduled first, so that it comes whatever happens in this one; and what fails in one domain
/// keeps no other from its turn.
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
