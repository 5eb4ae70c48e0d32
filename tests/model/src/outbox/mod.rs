//! One notification to one device, from the commit of what it tells to the record of the push.
//!
//! Two workers claim, plan, check, send and record. A member withdraws it and announces it again. Any of the
//! [`Fault`]s strikes at any moment, up to a number of them. The checker visits every state that this leads to.
//!
//! What one statement or one transaction does is one step: the database keeps those apart. A worker that runs sends in
//! the first half of its lease and records in the second; one that is slower than that has a [`Fault::Pause`]. Nothing
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
    Delivery, End, Errand, Job, JobState, Nudge, Outcome, Process, Request, Seen, Stage, State,
    Work,
};

/// What keeps the outbox right, and can be left out to see what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// The notification is written in the transaction of what it tells, and not before.
    AnnouncesNotBeforeTheCommit,
    /// The same, and not after.
    AnnouncesNotAfterTheCommit,
    /// A job merges only into one that nobody has started.
    MergesOnlyIntoUnstartedJobs,
    /// A job is removed when it is done, not when it is begun.
    FinishesAfterPlanning,
    /// Leases are renewed while their job runs.
    RenewsLeases,
    /// A job whose attempts are used up is not run again.
    GivesUp,
    /// Planning locks the notification, and does nothing unless it is pending.
    PlansOnlyWhatIsPending,
    /// A device gets each notification once: a unique key.
    QueuesOncePerDevice,
    /// Nobody claims what is under a lease.
    WaitsForTheLease,
    /// It is asked again, just before sending, whether it is still wanted.
    AsksOnceMore,
    /// What is not sent in half the lease is put back.
    SendsInHalfTheLease,
    /// That it was sent is recorded after sending.
    RecordsAfterSending,
    /// Recording is guarded by the claim.
    RecordsOnlyItsOwnClaim,
    /// The guard looks at the attempts as well as at the holder.
    TellsAttemptsApart,
}

/// The outbox, with what can go wrong.
#[derive(Clone, Copy, Debug)]
pub struct Outbox {
    /// So much goes wrong at most.
    pub faults: u8,
    /// The process of each of the two workers.
    pub process_of: [usize; 2],
    /// Whether the member may withdraw it, and have it announced again.
    pub is_withdrawn: bool,
    /// Whether planning kills the process, whenever it is tried.
    pub kills_its_process: bool,
    /// What is left out.
    pub without: &'static [Protection],
}

impl Outbox {
    /// As the product is, with two workers in two processes.
    pub const fn new(faults: u8) -> Self {
        Self {
            faults,
            process_of: [0, 1],
            is_withdrawn: true,
            kills_its_process: false,
            without: &[],
        }
    }

    /// Whether a protection is there.
    pub fn has(&self, protection: Protection) -> bool {
        !self.without.contains(&protection)
    }

    /// The holder's name and the clock of a hand that has nothing to do.
    fn idle(&self, state: &State, hand: usize) -> Option<(u8, Halves)> {
        let number = self.process_of[hand];
        let process = state.processes[number];
        let is_idle = state.hands[hand] == Work::Idle && !process.paused;
        let holder = if number == 0 { 10 } else { 20 } + process.life;
        is_idle.then_some((holder, process.ahead))
    }

    /// The errand of a hand and its clock, if it runs and is to do this next.
    fn at(&self, state: &State, hand: usize, next: Stage) -> Option<(Errand, Halves)> {
        let process = state.processes[self.process_of[hand]];
        match state.hands[hand] {
            Work::Delivering(errand) if errand.stage == next && !process.paused => {
                Some((errand, process.ahead))
            }
            _ => None,
        }
    }

    /// The errand of a hand that is to be recorded, with what is and its clock.
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

    /// Whether who has this claim may record.
    pub fn may_record(&self, row: &Row, claim: Claim) -> bool {
        let holds = row.lease.is_some_and(|lease| lease.holder == claim.holder);
        row.is_held_by(claim)
            || !self.has(Protection::RecordsOnlyItsOwnClaim)
            || (holds && !self.has(Protection::TellsAttemptsApart))
    }

    fn hands_of(&self, process: usize) -> impl Iterator<Item = usize> {
        let of = self.process_of;
        (0..of.len()).filter(move |hand| of[*hand] == process)
    }

    /// Half a lease passes. Not while somebody sends who runs, and would be late.
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
