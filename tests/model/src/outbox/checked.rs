//! The model as the checker sees it: initial state, actions, next states.

use stateright::{Model, Property};

use super::action::{Action, Ask, Fault};
use super::planning::MAX_ATTEMPTS;
use super::row::{Halves, SKEW};
use super::state::{State, Work};
use super::{Outbox, Request, properties};

/// How far ahead a clock can be set.
const CLOCKS: [Halves; 3] = [-SKEW, 0, SKEW];

impl Model for Outbox {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.going_on(state, actions);
        if self.is_withdrawn {
            actions.extend([Action::Withdraw, Action::AnnounceAgain]);
        }
        if state.faults < self.faults {
            self.going_wrong(state, actions);
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = *last;
        self.act(&mut next, action)?;
        (next != *last).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }

    fn within_boundary(&self, state: &State) -> bool {
        // A few tries beyond the maximum are enough to show that a job is tried for ever.
        let mut jobs = state.jobs.iter().flatten();
        !self.kills_its_process
            || jobs.all(|job| job.row.attempts <= MAX_ATTEMPTS + 2 + state.faults)
    }
}

impl Outbox {
    /// The actions that happen sooner or later without a fault.
    fn going_on(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(match state.request {
            Request::Asking => Some(Action::Request(Ask::Begin)),
            Request::Open => Some(Action::Request(Ask::Commit)),
            Request::Committed => Some(Action::Request(Ask::Announce)),
            Request::Unanswered => Some(Action::Request(Ask::Again)),
            Request::Acknowledged => None,
        });
        for (hand, work) in state.hands.iter().enumerate() {
            match work {
                Work::Idle => {
                    let jobs = state.jobs.iter().flatten().enumerate();
                    actions.extend(jobs.map(|(job, _)| Action::Take(hand, job)));
                    let deliveries = state.deliveries.iter().flatten().enumerate();
                    actions.extend(deliveries.map(|(delivery, _)| Action::Claim(hand, delivery)));
                }
                Work::Planning(_) => actions.extend([Action::Plan(hand), Action::Leave(hand)]),
                Work::Finishing(..) => actions.extend([Action::Finish(hand), Action::Leave(hand)]),
                Work::Delivering(_) => actions.extend([
                    Action::Check(hand),
                    Action::Send(hand),
                    Action::Accept(hand),
                    Action::Record(hand),
                ]),
            }
        }
        actions.push(Action::Tick);
        actions.extend((0..self.process_of.len()).map(Action::Resume));
    }

    /// The faults that can strike next.
    fn going_wrong(&self, state: &State, actions: &mut Vec<Action>) {
        let mut faults = vec![
            Fault::RefusesCommit,
            Fault::NoAnswer { committed: true },
            Fault::NoAnswer { committed: false },
        ];
        for (hand, work) in state.hands.iter().enumerate() {
            match work {
                Work::Idle => {}
                Work::Planning(_) => {
                    let fails = |committed| Fault::PlanFails { hand, committed };
                    faults.extend([true, false].map(fails));
                }
                Work::Finishing(..) => faults.push(Fault::NotRecorded(hand)),
                Work::Delivering(_) => faults.extend([
                    Fault::NotRecorded(hand),
                    Fault::Unavailable(hand),
                    Fault::AcceptedUnheard(hand),
                ]),
            }
        }
        for process in 0..=usize::from(self.process_of != [0, 0]) {
            faults.extend([Fault::Crash(process), Fault::Pause(process)]);
            faults.extend(CLOCKS.map(|ahead| Fault::SetClock(process, ahead)));
        }
        actions.extend(faults.into_iter().map(Action::Fault));
    }

    /// Whether no action is left, not even after time passes. The member's actions and faults do not count.
    pub fn is_at_rest(&self, state: &State) -> bool {
        let mut actions = Vec::new();
        self.going_on(state, &mut actions);
        let mut next = actions.into_iter();
        next.all(|action| self.next_state(state, action).is_none())
    }
}
