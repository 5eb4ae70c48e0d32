//! A model of the outbox: one notification to one device, from the commit of its cause to the record of the push.
//!
//! Two workers claim, plan, check, send and record. A member withdraws the notification and announces it again. Any
//! [`Fault`] can strike at any moment, up to a maximum number. The checker visits every state that can follow.
//!
//! One statement or one transaction is one step, because the database isolates them. A worker that runs sends in
//! the first half of its lease and records in the second; a slower worker is a [`Fault::Pause`]. Nothing
//! expires, and the member has one device.

mod action;
mod checked;
mod planning;
pub mod properties;
mod request;
mod row;
mod sending;
mod state;
mod trouble;

use self::planning::Answer;

pub use self::action::{Action, Ask, Fault};
pub use self::planning::MAX_ATTEMPTS;
pub use self::row::{Claim, Halves, LEASE, Lease, Row, SKEW};
pub use self::state::{
    Delivery, End, Errand, Job, JobState, Notification, Outcome, Process, Request, Seen, Stage,
    State, Work,
};

/// A protection that keeps the outbox correct. Leaving it out shows what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// The notification is written in the transaction of its cause, not before it.
    AnnouncesNotBeforeTheCommit,
    /// The notification is written in the transaction of its cause, not after it.
    AnnouncesNotAfterTheCommit,
    /// A new job merges only into a job that no worker has started.
    MergesOnlyIntoUnstartedJobs,
    /// A job is removed when it is done, not when it starts.
    FinishesAfterPlanning,
    /// A lease is renewed while its job runs.
    RenewsLeases,
    /// A job without attempts left is not run again.
    GivesUp,
    /// Planning locks the notification, and does nothing unless it is pending.
    PlansOnlyWhatIsPending,
    /// A unique key allows one delivery of each notification to a device.
    QueuesOncePerDevice,
    /// No worker claims a row whose lease has not ended.
    WaitsForTheLease,
    /// Policy is asked again, just before sending, whether the notification is still wanted.
    AsksOnceMore,
    /// A delivery that is not sent within half the lease is put back.
    SendsInHalfTheLease,
    /// A delivery is recorded as sent after sending, not before.
    RecordsAfterSending,
    /// A worker records only while its claim is the last one.
    RecordsOnlyItsOwnClaim,
    /// That guard compares the attempts as well as the holder.
    ComparesAttempts,
}

/// The model of the outbox, with its settings.
#[derive(Clone, Copy, Debug)]
pub struct Outbox {
    /// The greatest number of faults in a run.
    pub faults: u8,
    /// The process of each of the two workers.
    pub process_of: [usize; 2],
    /// Whether the member may withdraw the notification, and announce it again.
    pub is_withdrawn: bool,
    /// Whether each try at planning kills the process.
    pub kills_its_process: bool,
    /// The protections that are left out.
    pub without: &'static [Protection],
}

impl Outbox {
    /// The model of the product, with every protection and two workers in two processes.
    pub const fn new(faults: u8) -> Self {
        Self {
            faults,
            process_of: [0, 1],
            is_withdrawn: true,
            kills_its_process: false,
            without: &[],
        }
    }

    /// Whether a protection is in place.
    pub fn has(&self, protection: Protection) -> bool {
        !self.without.contains(&protection)
    }

    /// Returns the holder's name and the clock of a hand, or `None` if it is busy or paused.
    fn idle(&self, state: &State, hand: usize) -> Option<(u8, Halves)> {
        let number = self.process_of[hand];
        let process = state.processes[number];
        let is_idle = state.hands[hand] == Work::Idle && !process.paused;
        let holder = if number == 0 { 10 } else { 20 } + process.life;
        is_idle.then_some((holder, process.ahead))
    }

    /// Returns the errand of a hand and its clock, or `None` if the hand is paused or its next step is another.
    fn at(&self, state: &State, hand: usize, next: Stage) -> Option<(Errand, Halves)> {
        let process = state.processes[self.process_of[hand]];
        match state.hands[hand] {
            Work::Delivering(errand) if errand.stage == next && !process.paused => {
                Some((errand, process.ahead))
            }
            _ => None,
        }
    }

    /// Returns the errand of a hand, the outcome to record and its clock, or `None` if it has nothing to record.
    fn recording(&self, state: &State, hand: usize) -> Option<(Errand, Outcome, Halves)> {
        let Work::Delivering(errand) = state.hands[hand] else {
            return None;
        };
        let Stage::Recording(outcome) = errand.stage else {
            return None;
        };
        let (errand, now) = self.at(state, hand, errand.stage)?;
        Some((errand, outcome, now))
    }

    /// Whether the worker with this claim may record.
    pub fn may_record(&self, row: &Row, claim: Claim) -> bool {
        let holds = row.lease.is_some_and(|lease| lease.holder == claim.holder);
        row.is_held_by(claim)
            || !self.has(Protection::RecordsOnlyItsOwnClaim)
            || (holds && !self.has(Protection::ComparesAttempts))
    }

    fn hands_of(&self, process: usize) -> impl Iterator<Item = usize> {
        let of = self.process_of;
        (0..of.len()).filter(move |hand| of[*hand] == process)
    }

    /// Half a lease passes. Returns `None` while a running worker would then be late with its delivery.
    fn tick(&self, state: &mut State) -> Option<()> {
        let is_late = |hand: usize| match state.hands[hand] {
            Work::Delivering(errand) => {
                let has_sent = matches!(errand.stage, Stage::OnItsWay | Stage::Recording(_));
                !has_sent || errand.age + 1 >= LEASE
            }
            _ => false,
        };
        let mut hands = 0..state.hands.len();
        let waits = |hand: usize| !state.processes[self.process_of[hand]].paused && is_late(hand);
        if hands.any(waits) {
            return None;
        }
        state.tick(self.process_of, self.has(Protection::RenewsLeases));
        Some(())
    }

    fn act(&self, state: &mut State, action: Action) -> Option<()> {
        match action {
            Action::Request(ask) => request::step(self, state, ask),
            Action::Withdraw => request::withdraw(state),
            Action::AnnounceAgain => request::announce_again(self, state),
            Action::Take(hand, job) => planning::take(self, state, hand, job),
            Action::Plan(hand) => planning::plan(self, state, hand, Answer::Committed),
            Action::Finish(hand) => planning::finish(self, state, hand),
            Action::Leave(hand) => planning::leave(self, state, hand),
            Action::Claim(hand, delivery) => sending::claim(self, state, hand, delivery),
            Action::Check(hand) => sending::check(self, state, hand),
            Action::Send(hand) => sending::send(self, state, hand),
            Action::Accept(hand) => sending::accept(self, state, hand, true),
            Action::Record(hand) => sending::record(self, state, hand),
            Action::Tick => self.tick(state),
            Action::Resume(process) => trouble::resume(state, process),
            Action::Fault(fault) => trouble::strike(self, state, fault),
        }
    }
}
