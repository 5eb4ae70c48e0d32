//! A write transaction that is retried: `transact!` and `api/src/work.rs`.
//!
//! The service runs the block again after a refusal, and after a connection that was lost before the commit. It never
//! does so if the answer to the commit is missing: the transaction may be committed. A phone repeats each request that
//! got no answer, even while the server still works on the first one, and sends the same id for what it creates. A
//! request without an id ([`Transaction::is_named`]) is sent once.

use stateright::{Model, Property};

/// A protection that keeps a retry from doing something twice. Leaving it out shows what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// A commit without an answer is not retried.
    LeavesALostCommit,
    /// Each new row has an id, or a natural key.
    HasAKey,
    /// That key is unique: the second transaction waits for the first.
    KeyIsUnique,
    /// Events are published after the commit.
    PublishesAfterTheCommit,
    /// Each try starts with an empty list of events.
    StartsWithoutEvents,
}

/// The model of the transaction, with its settings.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    /// The greatest number of faults in a run.
    pub faults: u8,
    /// Whether the phone sends an id, and so repeats the request.
    pub is_named: bool,
    /// The protections that are left out.
    pub without: &'static [Protection],
}

/// The state at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// Two requests for the same thing.
    pub requests: [Request; 2],
    /// How often the work was committed.
    pub done: u8,
    /// How often connected devices were notified.
    pub published: u8,
    /// Faults so far.
    pub faults: u8,
}

/// One request of the phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Request {
    /// How far it has come.
    pub stage: Stage,
    /// The events to publish after its commit.
    pub events: u8,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The phone has not asked, or is about to ask again.
    #[default]
    Asking,
    /// Its transaction is open.
    Open,
    /// Its block ran: it looked for earlier work under the key, and wrote if there was none.
    Written {
        /// Whether the work was done before.
        found: bool,
    },
    /// The phone was told that it is done.
    Answered,
    /// The phone got a fault, or nothing.
    Failed,
}

/// What can happen next to one of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Its transaction begins.
    Begin(usize),
    /// Its block runs: it looks for the key, and writes.
    Write(usize),
    /// It is committed, its events are published, and the phone gets the answer.
    Commit(usize),
    /// The phone repeats it.
    AskAgain(usize),
    /// The database refuses it, or its connection is lost before the commit.
    Refused(usize),
    /// The answer to the commit is lost, with the connection or the process.
    Unheard {
        /// The request.
        request: usize,
        /// Whether its transaction was committed.
        committed: bool,
    },
}

impl Transaction {
    /// The model of the product, with every protection.
    pub const fn new(is_named: bool) -> Self {
        Self {
            faults: 3,
            is_named,
            without: &[],
        }
    }

    fn has(&self, protection: Protection) -> bool {
        !self.without.contains(&protection)
    }

    fn has_key(&self) -> bool {
        self.is_named && self.has(Protection::HasAKey)
    }

    fn write(&self, state: &mut State, it: usize) -> Option<()> {
        // A unique key makes the second writer wait until the first has committed or rolled back.
        let is_written = |stage| stage == Stage::Written { found: false };
        let mut others = (0..2).filter(|other| *other != it);
        let waits = others.any(|other| is_written(state.requests[other].stage));
        if self.has_key() && waits && self.has(Protection::KeyIsUnique) {
            return None;
        }
        let found = self.has_key() && state.done > 0;
        if !found && self.has(Protection::PublishesAfterTheCommit) {
            state.requests[it].events += 1;
        } else if !found {
            state.published += 1;
        }
        state.requests[it].stage = Stage::Written { found };
        Some(())
    }

    /// The try failed: the block runs again from the beginning.
    fn again(&self, state: &mut State, it: usize) {
        state.requests[it].stage = Stage::Open;
        if self.has(Protection::StartsWithoutEvents) {
            state.requests[it].events = 0;
        }
    }

    fn act(&self, state: &mut State, action: Action) -> Option<()> {
        let at = |it: usize| state.requests[it].stage;
        match action {
            Action::Begin(it) if at(it) == Stage::Asking && (it == 0 || self.is_named) => {
                state.requests[it].stage = Stage::Open;
            }
            Action::Write(it) if at(it) == Stage::Open => self.write(state, it)?,
            Action::Commit(it) => {
                let Stage::Written { found } = at(it) else {
                    return None;
                };
                state.done += u8::from(!found);
                state.published += state.requests[it].events;
                state.requests[it] = Request {
                    stage: Stage::Answered,
                    events: 0,
                };
            }
            Action::AskAgain(it) if at(it) == Stage::Failed && self.is_named => {
                state.requests[it] = Request::default();
            }
            Action::Refused(it) => {
                if !matches!(at(it), Stage::Open | Stage::Written { .. }) {
                    return None;
                }
                state.faults += 1;
                self.again(state, it);
            }
            Action::Unheard { request, committed } => {
                let Stage::Written { found } = at(request) else {
                    return None;
                };
                state.faults += 1;
                state.done += u8::from(committed && !found);
                if self.has(Protection::LeavesALostCommit) {
                    state.requests[request] = Request {
                        stage: Stage::Failed,
                        events: 0,
                    };
                } else {
                    self.again(state, request);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// The actions that happen sooner or later without a fault.
    fn going_on() -> impl Iterator<Item = Action> {
        let all = |it| {
            [
                Action::Begin(it),
                Action::Write(it),
                Action::Commit(it),
                Action::AskAgain(it),
            ]
        };
        (0..2).flat_map(all)
    }

    fn is_at_rest(&self, state: State) -> bool {
        Self::going_on().all(|action| self.next_state(&state, action).is_none())
    }
}

impl Model for Transaction {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::default()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(Self::going_on());
        if state.faults < self.faults {
            for it in 0..2 {
                let unheard = |committed| Action::Unheard {
                    request: it,
                    committed,
                };
                actions.extend([Action::Refused(it), unheard(true), unheard(false)]);
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = *last;
        self.act(&mut next, action)?;
        (next != *last).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let always = ALWAYS.map(|(name, is)| Property::always(name, is));
        let reached = SOMETIMES.map(|(name, is)| Property::sometimes(name, is));
        let is_whole = self.without.is_empty();
        let reached = reached.into_iter().filter(|_| is_whole);
        always.into_iter().chain(reached).collect()
    }
}

type Is = fn(&Transaction, &State) -> bool;

/// Properties that hold in every state.
const ALWAYS: [(&str, Is); 4] = [
    ("a_notification_announced_again_is_sent_once", |_, state| {
        state.done <= 1
    }),
    ("an_acknowledged_request_is_committed", |_, state| {
        let mut requests = state.requests.iter();
        state.done > 0 || !requests.any(|request| request.stage == Stage::Answered)
    }),
    ("a_rolled_back_transaction_publishes_nothing", |_, state| {
        state.published <= state.done
    }),
    ("a_repeated_request_is_answered", |model, state| {
        let mut requests = state.requests.iter();
        let answered = requests.all(|request| request.stage == Stage::Answered);
        !model.is_named || answered || !model.is_at_rest(*state)
    }),
];

/// States that must be reachable: otherwise the properties above would prove little.
const SOMETIMES: [(&str, Is); 2] = [
    ("it is done, and nobody heard of it", |_, state| {
        state.done == 1 && state.published == 0 && state.requests[0].stage == Stage::Failed
    }),
    ("it is done after refusals alone", |model, state| {
        state.faults == model.faults && state.published == 1
    }),
];
