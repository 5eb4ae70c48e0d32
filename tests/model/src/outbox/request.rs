//! The mutation, and the member's actions after it: `transact!`, `announce`, `withdraw`.

use super::action::{Ask, Fault};
use super::state::{Notification, Request, State};
use super::{Outbox, Protection};

/// A step of the mutation.
pub fn step(model: &Outbox, state: &mut State, ask: Ask) -> Option<()> {
    match (ask, state.request) {
        (Ask::Begin, Request::Asking) => {
            if !model.has(Protection::AnnouncesNotBeforeTheCommit) {
                announce(model, state);
            }
            state.request = Request::Open;
        }
        (Ask::Commit, Request::Open) => {
            let is_new = commit(model, state);
            state.request = if is_new && !model.has(Protection::AnnouncesNotAfterTheCommit) {
                Request::Committed
            } else {
                Request::Acknowledged
            };
        }
        (Ask::Announce, Request::Committed) => {
            announce(model, state);
            state.request = Request::Acknowledged;
        }
        (Ask::Again, Request::Unanswered) => state.request = Request::Asking,
        _ => return None,
    }
    Some(())
}

/// A fault of the mutation.
pub fn fault(model: &Outbox, state: &mut State, fault: Fault) -> Option<()> {
    match (fault, state.request) {
        (Fault::RefusesCommit, Request::Open) => state.request = Request::Asking,
        (Fault::NoAnswer { committed }, Request::Open) => {
            if committed {
                commit(model, state);
            }
            state.request = Request::Unanswered;
        }
        (Fault::NoAnswer { committed: true }, Request::Committed) => {
            state.request = Request::Unanswered;
        }
        _ => return None,
    }
    Some(())
}

/// Commits the transaction. Returns whether it wrote anything: a repeated request writes nothing, because the phone
/// sends the same id.
fn commit(model: &Outbox, state: &mut State) -> bool {
    if state.fact {
        return false;
    }
    state.fact = true;
    if model.has(Protection::AnnouncesNotAfterTheCommit) {
        announce(model, state);
    }
    true
}

/// Writes the notification and its job. Idempotent: a key is announced once.
fn announce(model: &Outbox, state: &mut State) {
    if state.notification == Notification::Absent {
        write(model, state);
    }
}

fn write(model: &Outbox, state: &mut State) {
    state.notification = Notification::Pending;
    state.not_before = 0;
    let merges_into_started = !model.has(Protection::MergesOnlyIntoUnstartedJobs);
    state.enqueue(0, merges_into_started);
}

/// The member withdraws the notification. If it is planned already, it counts as read.
pub fn withdraw(state: &mut State) -> Option<()> {
    state.notification = match state.notification {
        Notification::Pending => Notification::Cancelled,
        Notification::Planned => Notification::Read,
        Notification::Absent | Notification::Read | Notification::Cancelled => return None,
    };
    if state.withdrawn {
        return None;
    }
    state.withdrawn = true;
    Some(())
}

/// Announces it again. Only a notification that was withdrawn before it was planned becomes pending again.
pub fn announce_again(model: &Outbox, state: &mut State) -> Option<()> {
    if state.notification != Notification::Cancelled || state.again {
        return None;
    }
    state.again = true;
    write(model, state);
    Some(())
}
