//! Runs the checker.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

use stateright::{Checker as _, HasDiscoveries, Model};

/// Asserts that the properties of a model hold in every state, and that there are at least `at_least` states. Fewer
/// would mean that some event has become impossible, and that the properties prove nothing about it.
pub fn holds<M>(model: M, at_least: usize)
where
    M: Model + Copy + Debug + Send + Sync + 'static,
    M::State: Clone + Debug + Eq + Hash + Send + Sync,
    M::Action: Clone + Debug + PartialEq,
{
    let checked = model.checker().threads(2).spawn_bfs().join();
    checked.assert_properties();
    let states = checked.unique_state_count();
    say(&format!("{states} states: {model:?}"));
    assert!(states >= at_least, "{states} states");
}

/// Asserts that the checker finds a run that breaks this property.
pub fn breaks<M>(model: M, property: &'static str)
where
    M: Model + Debug + Send + Sync + 'static,
    M::State: Clone + Debug + Eq + Hash + Send + Sync,
    M::Action: Clone + Debug + PartialEq,
{
    let found = HasDiscoveries::AnyOf([property].into());
    let checked = model.checker().finish_when(found).spawn_bfs().join();
    let run = checked.assert_any_discovery(property);
    say(&format!("{property}: {:?}", run.into_actions()));
}

/// Asserts that every run ends: no state can follow from itself. A property of the states without a successor is then a
/// property of all runs.
pub fn ends<M>(model: &M)
where
    M: Model,
    M::State: Clone + Eq + Hash,
{
    let (mut open, mut over) = (HashSet::new(), HashSet::new());
    let mut path: Vec<(M::State, Vec<M::State>)> = Vec::new();
    for first in model.init_states() {
        path.push((first.clone(), model.next_states(&first)));
        open.insert(first);
    }
    while let Some((state, next)) = path.last_mut() {
        match next.pop() {
            None => {
                open.remove(state);
                over.insert(state.clone());
                path.pop();
            }
            Some(state) if over.contains(&state) => {}
            Some(state) => {
                assert!(open.insert(state.clone()), "a run that never ends");
                let after = model.next_states(&state);
                path.push((state, after));
            }
        }
    }
}

/// Prints a line, which is shown if the test fails, or with `--nocapture`.
#[allow(clippy::print_stdout, reason = "the run is what a reader wants to see")]
fn say(text: &str) {
    println!("{text}");
}
