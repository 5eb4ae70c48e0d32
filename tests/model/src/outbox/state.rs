//! Everything there is at one moment.

use super::row::{Claim, Halves, LEASE, Row, past};

/// More jobs than can be asked for.
const JOBS: usize = 6;
/// More deliveries than can be planned.
const DELIVERIES: usize = 2;

/// Everything there is at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// The mutation that something is told of.
    pub request: Request,
    /// Whether what is told of has been committed.
    pub fact: bool,
    /// The `notification` row.
    pub nudge: Nudge,
    /// When it may be told, by the clock of the server that announced it.
    pub not_before: Halves,
    /// The rows of `job` that are to plan it. None is used twice.
    pub jobs: [Option<Job>; JOBS],
    /// The rows of `push_delivery`.
    pub deliveries: [Option<Delivery>; DELIVERIES],
    /// What workers are busy with.
    pub hands: [Work; 2],
    /// The processes that the workers belong to.
    pub processes: [Process; 2],
    /// Whether he has withdrawn what was announced.
    pub withdrawn: bool,
    /// Whether it was announced again after that.
    pub again: bool,
    /// Things that went wrong so far.
    pub faults: u8,
    /// What only the properties look at.
    pub seen: Seen,
}

/// A mutation, as the phone sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Request {
    /// It is being asked.
    #[default]
    Asking,
    /// Its transaction is open.
    Open,
    /// Its transaction is committed, and the announcement is still to be made. Not in the product.
    Committed,
    /// The phone got no answer, and will ask again.
    Unanswered,
    /// The phone was told that it is done.
    Acknowledged,
}

/// The `notification` row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Nudge {
    /// There is none.
    #[default]
    Absent,
    /// Waits for its deliveries.
    Pending,
    /// Has its deliveries.
    Planned,
    /// Was withdrawn after that: it counts as read.
    Read,
    /// Was withdrawn before that.
    Cancelled,
}

/// A `job` that plans the notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Job {
    /// Its lease.
    pub row: Row,
    /// How far it has come.
    pub state: JobState,
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    /// To be done.
    Ready,
    /// Done; the product deletes it.
    Done,
    /// Given up, and kept for the operator.
    Failed,
}

/// A notification on its way to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// Its lease.
    pub row: Row,
    /// How it ended; `None` while it is queued or retried.
    pub end: Option<End>,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The provider took it.
    Accepted,
    /// It was not wanted any more.
    Skipped,
}

/// What a worker is busy with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Work {
    /// Nothing.
    #[default]
    Idle,
    /// Has claimed a job.
    Planning(Claim),
    /// Has run it, well or not, and is to record that.
    Finishing(Claim, bool),
    /// Has claimed a delivery.
    Delivering(Errand),
}

/// A delivery in the hands of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Errand {
    /// Its claim.
    pub claim: Claim,
    /// How long ago it was claimed, by a clock that is never set.
    pub age: Halves,
    /// How far it has come.
    pub stage: Stage,
    /// It was withdrawn before it was asked about.
    pub unwanted: bool,
    /// It left in the first half of the lease.
    pub in_time: bool,
}

/// How far an errand has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Claimed; it is to be asked about once more.
    Checking,
    /// Asked about; to be sent if there is time.
    Sending,
    /// With the provider.
    OnItsWay,
    /// To be recorded.
    Recording(Outcome),
}

/// What is to be recorded about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The provider took it.
    Accepted,
    /// The provider took it or not: there was no good answer. To be sent later.
    Later,
    /// Its time has not come, by this worker's clock.
    NotYet,
    /// There was no time left to send it.
    PutBack,
    /// It is not wanted any more.
    Skipped,
}

/// A process with workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Process {
    /// How far its clock is ahead.
    pub ahead: Halves,
    /// How often it was started again.
    pub life: u8,
    /// Whether it stands still.
    pub paused: bool,
}

/// What only the properties look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    /// How often the provider took the message.
    pub accepted: u8,
    /// How often it may have been sent again; see [`super::properties`].
    pub excused: u8,
    /// Somebody recorded something over a newer claim, or over the end.
    pub stale: bool,
    /// Something was sent that had been withdrawn before it was asked about.
    pub unwanted: bool,
    /// A worker that was thought dead came to record, and found the row taken over.
    pub too_late: bool,
}

impl State {
    /// A job for the notification. It merges into one that has not been started: `enqueue_once`.
    pub fn enqueue(&mut self, due: Halves, merges_into_started: bool) {
        let mut ready = self.jobs.iter_mut().flatten();
        let other = ready.find(|job| {
            job.state == JobState::Ready && (job.row.attempts == 0 || merges_into_started)
        });
        if let Some(job) = other {
            job.row.due = job.row.due.min(due);
            return;
        }
        let next = self.jobs.iter().flatten().count();
        self.jobs[next] = Some(Job {
            row: Row::due_at(due),
            state: JobState::Ready,
        });
    }

    /// Half a lease passes. Processes that run make the leases of their jobs last: `Worker::keep`.
    pub fn tick(&mut self, process_of: [usize; 2], renews: bool) {
        self.not_before = past(self.not_before);
        let jobs = self.jobs.iter_mut().flatten().map(|job| &mut job.row);
        let deliveries = self.deliveries.iter_mut().flatten();
        for row in jobs.chain(deliveries.map(|delivery| &mut delivery.row)) {
            row.tick();
        }
        for (hand, process) in process_of.into_iter().enumerate() {
            let process = self.processes[process];
            match &mut self.hands[hand] {
                Work::Delivering(errand) => errand.age = (errand.age + 1).min(LEASE),
                Work::Planning(claim) | Work::Finishing(claim, _) if renews && !process.paused => {
                    if let Some(job) = &mut self.jobs[claim.row]
                        && job.row.is_held_by(*claim)
                        && let Some(lease) = &mut job.row.lease
                    {
                        lease.until = process.ahead + LEASE;
                    }
                }
                _ => {}
            }
        }
    }
}
