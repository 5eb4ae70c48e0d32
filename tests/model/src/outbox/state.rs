//! The state of the model at one moment.

use super::row::{Claim, Halves, LEASE, Row, past};

/// More jobs than a run can create.
const JOBS: usize = 6;
/// More deliveries than a run can plan.
const DELIVERIES: usize = 2;

/// The state of the model at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// The mutation that causes the notification.
    pub request: Request,
    /// Whether the cause is committed.
    pub fact: bool,
    /// The `notification` row.
    pub notification: Notification,
    /// The earliest time to send it, by the clock of the server that announced it.
    pub not_before: Halves,
    /// The rows of `job` that plan it. No slot is used twice.
    pub jobs: [Option<Job>; JOBS],
    /// The rows of `push_delivery`.
    pub deliveries: [Option<Delivery>; DELIVERIES],
    /// The work of each worker.
    pub hands: [Work; 2],
    /// The processes that the workers belong to.
    pub processes: [Process; 2],
    /// Whether the member has withdrawn the notification.
    pub withdrawn: bool,
    /// Whether it was announced again after that.
    pub again: bool,
    /// Faults so far.
    pub faults: u8,
    /// Observations that only the properties read.
    pub seen: Seen,
}

/// A mutation, as the phone sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Request {
    /// The phone is sending it.
    #[default]
    Asking,
    /// Its transaction is open.
    Open,
    /// Its transaction is committed, but not announced yet. Not in the product.
    Committed,
    /// The phone got no answer, and will repeat it.
    Unanswered,
    /// The phone was told that it is done.
    Acknowledged,
}

/// The `notification` row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Notification {
    /// There is none.
    #[default]
    Absent,
    /// Waits for its deliveries.
    Pending,
    /// Has its deliveries.
    Planned,
    /// Was withdrawn after it was planned: it counts as read.
    Read,
    /// Was withdrawn before it was planned.
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
    /// It was no longer wanted.
    Skipped,
}

/// The work of a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Work {
    /// Nothing.
    #[default]
    Idle,
    /// Has claimed a job.
    Planning(Claim),
    /// Has run it, with success or not (the flag), and must record that.
    Finishing(Claim, bool),
    /// Has claimed a delivery.
    Delivering(Errand),
}

/// A delivery that a worker has claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Errand {
    /// Its claim.
    pub claim: Claim,
    /// Time since the claim, by a monotonic clock.
    pub age: Halves,
    /// How far it has come.
    pub stage: Stage,
    /// The notification was withdrawn before the check.
    pub unwanted: bool,
    /// The message left in the first half of the lease.
    pub in_time: bool,
}

/// How far an errand has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Claimed; next, the check whether it is still wanted.
    Checking,
    /// Checked; to be sent if there is time.
    Sending,
    /// Sent to the provider, without an answer yet.
    OnItsWay,
    /// To be recorded.
    Recording(Outcome),
}

/// The outcome to record for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The provider took it.
    Accepted,
    /// No good answer: the provider may have taken it or not. To be sent later.
    Later,
    /// Its time has not come, by this worker's clock.
    NotYet,
    /// There was no time left to send it.
    PutBack,
    /// It is no longer wanted.
    Skipped,
}

/// A process with workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Process {
    /// How far its clock is ahead.
    pub ahead: Halves,
    /// How often it was restarted.
    pub life: u8,
    /// Whether it is paused.
    pub paused: bool,
}

/// Observations that only the properties read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seen {
    /// How often the provider took the message.
    pub accepted: u8,
    /// How often the message may be sent again; see [`super::properties`].
    pub excused: u8,
    /// A worker recorded over a newer claim, or over the end.
    pub stale: bool,
    /// A message was sent that had been withdrawn before the check.
    pub unwanted: bool,
    /// A worker that was thought dead tried to record, and found the row claimed by another.
    pub too_late: bool,
}

impl State {
    /// Enqueues a job for the notification. It merges into a job that no worker has started: `enqueue_once`.
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

    /// Half a lease passes. Running processes renew the leases of their jobs: `Worker::keep`.
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
