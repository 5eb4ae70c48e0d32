//! A job that plans the notification, from its claim to its end: `api/src/jobs`, `notification::plan`.

use super::row::{Claim, Halves, Row, SKEW};
use super::state::{Delivery, Job, JobState, Notification, State, Work};
use super::{Outbox, Protection, trouble};

/// How the transaction that plans ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is committed.
    Committed,
    /// It is committed, but the worker gets no answer.
    Lost,
    /// It is rolled back.
    Refused,
}

/// The attempts after which a failing job is given up. The product has twelve.
pub const MAX_ATTEMPTS: u8 = 4;

/// Claims a job.
pub fn take(model: &Outbox, state: &mut State, hand: usize, job: usize) -> Option<()> {
    let (holder, now) = model.idle(state, hand)?;
    let row = state.jobs[job].as_mut()?;
    if row.state != JobState::Ready || !row.row.is_free(now) {
        return None;
    }
    let claim = row.row.claim(job, holder, now);
    if !model.has(Protection::FinishesAfterPlanning) {
        row.end(JobState::Done);
    }
    state.hands[hand] = Work::Planning(claim);
    Some(())
}

/// Runs the job. A worker that gets no answer to the commit counts it as a failure.
pub fn plan(model: &Outbox, state: &mut State, hand: usize, answer: Answer) -> Option<()> {
    let Work::Planning(claim) = state.hands[hand] else {
        return None;
    };
    let process = state.processes[model.process_of[hand]];
    if process.paused {
        return None;
    }
    if gives_up(model, claim) {
        if answer != Answer::Committed {
            return None;
        }
        state.hands[hand] = Work::Finishing(claim, false);
        return Some(());
    }
    if model.kills_its_process {
        trouble::crash(model, state, model.process_of[hand]);
        return Some(());
    }
    if answer != Answer::Refused {
        decide(model, state, process.ahead);
    }
    state.hands[hand] = Work::Finishing(claim, answer == Answer::Committed);
    Some(())
}

/// Whether all attempts are used up. Each of them ended without a record, because its process died.
fn gives_up(model: &Outbox, claim: Claim) -> bool {
    claim.attempts > MAX_ATTEMPTS && model.has(Protection::GivesUp)
}

/// The planning transaction: locks the notification, and does nothing unless it is pending.
fn decide(model: &Outbox, state: &mut State, now: Halves) {
    let is_pending = state.notification == Notification::Pending
        || (state.notification == Notification::Planned
            && !model.has(Protection::PlansOnlyWhatIsPending));
    if !is_pending {
        return;
    }
    if now < state.not_before {
        let merges_into_started = !model.has(Protection::MergesOnlyIntoUnstartedJobs);
        state.enqueue(state.not_before, merges_into_started);
        return;
    }
    state.notification = Notification::Planned;
    let made = state.deliveries.iter().flatten().count();
    if made > 0 && model.has(Protection::QueuesOncePerDevice) {
        return;
    }
    if let Some(free) = state.deliveries.get_mut(made) {
        *free = Some(Delivery {
            row: Row::due_at(now),
            end: None,
        });
    }
}

/// Removes the job, or puts it back for later, or keeps it as failed.
pub fn finish(model: &Outbox, state: &mut State, hand: usize) -> Option<()> {
    let Work::Finishing(claim, well) = state.hands[hand] else {
        return None;
    };
    let process = state.processes[model.process_of[hand]];
    if process.paused {
        return None;
    }
    state.hands[hand] = Work::Idle;
    let job = state.jobs[claim.row].as_mut()?;
    if model.may_record(&job.row, claim) {
        state.seen.stale |= job.row.attempts != claim.attempts || job.state != JobState::Ready;
        if well {
            job.end(JobState::Done);
        } else if claim.attempts >= MAX_ATTEMPTS && model.has(Protection::GivesUp) {
            job.end(JobState::Failed);
        } else {
            job.row.put_back(process.ahead + 1);
        }
    } else {
        state.seen.too_late = true;
    }
    Some(())
}

/// Gives up a job that another worker has claimed meanwhile.
pub fn leave(model: &Outbox, state: &mut State, hand: usize) -> Option<()> {
    let (Work::Planning(claim) | Work::Finishing(claim, _)) = state.hands[hand] else {
        return None;
    };
    let is_ours = state.jobs[claim.row]?.row.is_held_by(claim);
    if is_ours || state.processes[model.process_of[hand]].paused {
        return None;
    }
    state.hands[hand] = Work::Idle;
    Some(())
}

impl Job {
    /// Ends the job: no worker claims it again.
    const fn end(&mut self, state: JobState) {
        self.state = state;
        self.row.put_back(-SKEW);
    }
}
