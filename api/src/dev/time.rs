//! Time travel: all work that is due on the way is done in its order, each at its time.

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::clock::ClockFault;
use crate::error::Fault;
use crate::worker::{self, Worker};

/// The farthest journey: a year and a day, to pass everything that is yearly.
pub const FARTHEST: TimeDelta = TimeDelta::days(366);

/// How many steps in a row may find the same due instant before [`travel`] gives up on it.
const STEPS_WITHOUT_PROGRESS: u32 = 100;

/// Why time was not moved.
#[derive(Clone, Debug)]
pub enum TravelFault {
    /// This is the system's clock, which cannot be moved.
    NotMovable,
    /// The target is in the past.
    Backward,
    /// The target is more than [`FARTHEST`] ahead.
    TooFar,
    /// Work that was due on the way failed. The clock stays at that instant.
    Fault(Fault),
}

impl From<Fault> for TravelFault {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The target of a journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journey {
    /// To an instant.
    To(DateTime<Utc>),
    /// By a duration.
    By(TimeDelta),
}

/// Moves the clock. Stops at every instant with due work and does it there. Returns the new time.
pub async fn travel(app: &App, journey: Journey) -> Result<DateTime<Utc>, TravelFault> {
    let _alone = app.gate.travel().await;
    let start = app.clock.now();
    let target = match journey {
        Journey::To(target) => target,
        Journey::By(by) if by > FARTHEST => return Err(TravelFault::TooFar),
        Journey::By(by) => start + by,
    };
    if target < start {
        return Err(TravelFault::Backward);
    }
    if target - start > FARTHEST {
        return Err(TravelFault::TooFar);
    }
    // This fails first if the clock cannot be moved, before any work is done.
    move_to(app, start)?;

    let worker = Worker::new(app.clone());
    let lease = TimeDelta::seconds(app.config.worker.lease_seconds.into());
    let mut without_progress = 0;
    let mut last = None;
    loop {
        worker.drain().await?;
        let Some(due) = worker::next_due(app).await? else {
            break;
        };
        // Work that is due and was not done is leased to a process that died: wait until the lease expires.
        let now = app.clock.now();
        let next = if due > now { due } else { now + lease };
        without_progress = if last == Some(due) {
            without_progress + 1
        } else {
            0
        };
        last = Some(due);
        if next > target || without_progress > STEPS_WITHOUT_PROGRESS {
            break;
        }
        move_to(app, next)?;
    }
    move_to(app, target)?;
    worker.drain().await?;
    Ok(app.clock.now())
}

/// Moves the clock to an instant. Does nothing if the instant has passed meanwhile.
fn move_to(app: &App, instant: DateTime<Utc>) -> Result<(), TravelFault> {
    let by = (instant - app.clock.now()).max(TimeDelta::zero());
    app.clock.advance(by).map_err(|fault| match fault {
        ClockFault::NotMovable => TravelFault::NotMovable,
        ClockFault::Backward => TravelFault::Backward,
    })
}
