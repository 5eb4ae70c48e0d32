//! Time travel: everything that is due on the way happens in its order, each at its time.

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::App;
use crate::clock::ClockFault;
use crate::error::Fault;
use crate::worker::{self, Worker};

/// The farthest journey: a year and a day for all that is yearly.
pub const FARTHEST: TimeDelta = TimeDelta::days(366);

/// In a row; see [`advance_to`].
const STEPS_WITHOUT_PROGRESS: u32 = 100;

/// Why time was not moved.
#[derive(Clone, Debug)]
pub enum TravelFault {
    /// This clock is the system's.
    NotMovable,
    /// The target lies before now: what happened has happened.
    Backward,
    /// The target lies more than [`FARTHEST`] ahead.
    TooFar,
    /// Something due on the way could not be asked for; the clock stands where it happened.
    Fault(Fault),
}

impl From<Fault> for TravelFault {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journey {
    /// To an instant.
    To(DateTime<Utc>),
    /// So much further.
    By(TimeDelta),
}

/// Moves the clock to `target`, stopping at every instant at which something is due and doing it there.
/// Answers the time it is then.
pub async fn advance_to(app: &App, target: DateTime<Utc>) -> Result<DateTime<Utc>, TravelFault> {
    travel(app, Journey::To(target)).await
}

/// As [`advance_to`], for either kind of journey.
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
    // Before anything is done: a clock that cannot be moved must not have its work done early.
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
        // What is due and was not done is held by a process that died: its lease has to run out.
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

/// Moves to an instant; one that has passed meanwhile is where we are.
fn move_to(app: &App, instant: DateTime<Utc>) -> Result<(), TravelFault> {
    let by = (instant - app.clock.now()).max(TimeDelta::zero());
    app.clock.advance(by).map_err(|fault| match fault {
        ClockFault::NotMovable => TravelFault::NotMovable,
        ClockFault::Backward => TravelFault::Backward,
    })
}
