//! The faults.

use super::Outbox;
use super::action::Fault;
use super::planning::{self, Answer};
use super::row::Halves;
use super::state::{Outcome, Stage, State, Work};
use super::{request, sending};

/// A fault strikes, unless the run has had its maximum.
pub fn strike(model: &Outbox, state: &mut State, fault: Fault) -> Option<()> {
    if state.faults >= model.faults {
        return None;
    }
    state.faults += 1;
    match fault {
        Fault::RefusesCommit | Fault::NoAnswer { .. } => request::fault(model, state, fault),
        Fault::PlanFails { hand, committed } => {
            let answer = if committed {
                Answer::Lost
            } else {
                Answer::Refused
            };
            planning::plan(model, state, hand, answer)
        }
        Fault::NotRecorded(hand) => not_recorded(model, state, hand),
        Fault::Unavailable(hand) => sending::refuse(model, state, hand),
        Fault::AcceptedUnheard(hand) => sending::accept(model, state, hand, false),
        Fault::Crash(process) => {
            is_busy(model, state, process).then(|| crash(model, state, process))
        }
        Fault::Pause(process) => pause(model, state, process),
        Fault::SetClock(process, ahead) => set_clock(state, process, ahead),
    }
}

/// The statement that records an end fails. It is not retried: the lease runs out.
fn not_recorded(model: &Outbox, state: &mut State, hand: usize) -> Option<()> {
    match state.hands[hand] {
        Work::Finishing(..) if !state.processes[model.process_of[hand]].paused => {}
        Work::Delivering(_) => {
            model.recording(state, hand)?;
            excuse(state, hand);
        }
        _ => return None,
    }
    state.hands[hand] = Work::Idle;
    Some(())
}

/// A process is killed and starts again, with a new name for its leases. A crash of a process without work changes
/// nothing.
pub fn crash(model: &Outbox, state: &mut State, process: usize) {
    for hand in model.hands_of(process) {
        excuse(state, hand);
        state.hands[hand] = Work::Idle;
    }
    let process = &mut state.processes[process];
    process.life = (process.life + 1) % 4;
    process.paused = false;
}

/// Counts an excuse if the worker was about to record that the provider took the message: it will be sent again.
fn excuse(state: &mut State, hand: usize) {
    if let Work::Delivering(errand) = state.hands[hand]
        && errand.stage == Stage::Recording(Outcome::Accepted)
        && state.deliveries[errand.claim.row]
            .is_some_and(|delivery| delivery.row.is_held_by(errand.claim))
    {
        state.seen.excused += 1;
    }
}

/// A process pauses.
fn pause(model: &Outbox, state: &mut State, process: usize) -> Option<()> {
    if state.processes[process].paused || !is_busy(model, state, process) {
        return None;
    }
    state.processes[process].paused = true;
    Some(())
}

/// A process continues.
pub fn resume(state: &mut State, process: usize) -> Option<()> {
    let process = &mut state.processes[process];
    std::mem::take(&mut process.paused).then_some(())
}

/// A clock is set.
fn set_clock(state: &mut State, process: usize, ahead: Halves) -> Option<()> {
    let process = &mut state.processes[process];
    (std::mem::replace(&mut process.ahead, ahead) != ahead).then_some(())
}

fn is_busy(model: &Outbox, state: &State, process: usize) -> bool {
    model
        .hands_of(process)
        .any(|hand| state.hands[hand] != Work::Idle)
}
