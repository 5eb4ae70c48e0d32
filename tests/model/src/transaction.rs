//! A write transaction that is tried again: `transact!` and `api/src/work.rs`.
//!
//! The service runs the block again after a refusal and after a connection that was lost before the commit, and never
//! when the answer to the commit is missing: then it may be done. A phone asks again whatever it got no answer to, also
//! while its first request is still being worked on, and gives what it makes an id. Work that nobody gave an id
//! ([`Transaction::is_named`]) is asked for once.

use stateright::{Model, Property};

/// What keeps a retry from doing something twice, and can be left out to see what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// A commit without an answer is not tried again.
    LeavesALostCommit,
    /// What is made has an id, or a key that follows from what it is.
    HasAKey,
    /// That key is unique: the second transaction waits for the first.
    KeyIsUnique,
    /// Events are published after the commit.
    TellsAfterTheCommit,
    /// Each try has events of its own.
    GathersAnew,
}

/// The transaction, with what can go wrong.
#[derive(Clone, Copy, Debug)]
pub struct Transaction {
    /// So much goes wrong at most.
    pub faults: u8,
    /// Whether the phone gave it an id, and asks again.
    pub is_named: bool,
    /// What is left out.
    pub without: &'static [Protection],
}

/// Everything there is at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// Two requests for the same thing.
    pub requests: [Request; 2],
    /// How often it has been done.
    pub done: u8,
    /// How often connected devices were told.
    pub told: u8,
    /// Things that went wrong so far.
    pub faults: u8,
}

/// A request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Request {
    /// How far it has come.
    pub stage: Stage,
    /// The events that are to be published after its commit.
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
    /// Has looked whether it was done before.
    Written {
        /// Whether it was.
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
    /// It is committed, its events are published, and the phone hears of it.
    Commit(usize),
    /// The phone asks again.
    AskAgain(usize),
    /// The database refuses it, or its connection is lost before the commit.
    Refused(usize),
    /// The answer to the commit is lost, with the connection or the process.
    Unheard {
        /// Of which request.
        request: usize,
        /// Whether it was committed.
        committed: bool,
    },
}

impl Transaction {
    /// As the product is.
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
        let is_written = |stage| stage == Stage::Written { found: false };
        let mut others = (0..2).filter(|other| *other != it);
        let waits = others.any(|other| is_written(state.requests[other].stage));
        if self.has_key() && waits && self.has(Protection::KeyIsUnique) {
            return None;
        }
        let found = self.has_key() && state.done > 0;
        if !found && self.has(Protection::TellsAfterTheCommit) {
            state.requests[it].events += 1;
        } else if !found {
            state.told += 1;
        }
        state.requests[it].stage = Stage::Written { found };
        Some(())
    }

    /// Its try is over, and it runs again from the beginning.
    fn again(&self, state: &mut State, it: usize) {
        state.requests[it].stage = Stage::Open;
        if self.has(Protection::GathersAnew) {
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
                state.told += state.requests[it].events;
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

    /// What is done sooner or later if nothing goes wrong.
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

/// What is true at every moment.
const ALWAYS: [(&str, Is); 4] = [
    ("what_is_told_again_is_told_once", |_, state| {
        state.done <= 1
    }),
    ("what_is_acknowledged_is_committed", |_, state| {
        let mut requests = state.requests.iter();
        state.done > 0 || !requests.any(|request| request.stage == Stage::Answered)
    }),
    ("what_is_rolled_back_tells_nothing", |_, state| {
        state.told <= state.done
    }),
    ("whoever_asks_again_is_answered", |model, state| {
        let mut requests = state.requests.iter();
        let answered = requests.all(|request| request.stage == Stage::Answered);
        !model.is_named || answered || !model.is_at_rest(*state)
    }),
];

/// What can be reached: else the above would say little.
const SOMETIMES: [(&str, Is); 2] = [
    ("it is done, and nobody heard of it", |_, state| {
        state.done == 1 && state.told == 0 && state.requests[0].stage == Stage::Failed
    }),
    ("it is done after refusals alone", |model, state| {
        state.faults == model.faults && state.told == 1
    }),
];
