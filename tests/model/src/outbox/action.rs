//! The actions of the model.

use super::row::Halves;

/// An action. A hand is one of the two workers, by its number; a process is what workers run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The service takes a step of the mutation.
    Request(Ask),
    /// The member withdraws the notification: `outbox::withdraw`.
    Withdraw,
    /// The notification is announced again under the same key: `outbox::announce`.
    AnnounceAgain,
    /// A hand claims a job: `jobs::store::claim`.
    Take(usize, usize),
    /// A hand runs its job: `notification::plan::notification`, one transaction.
    Plan(usize),
    /// A hand removes its job, or puts it back: `jobs::store::{finish, fail}`.
    Finish(usize),
    /// A hand gives up its job, because another worker has the lease: `Worker::keep`.
    Leave(usize),
    /// A hand claims a delivery: `push::store::claim`.
    Claim(usize, usize),
    /// A hand checks again whether its delivery is wanted: `push::service::recheck`.
    Check(usize),
    /// A hand checks that there is time, and sends: `push::service::send`.
    Send(usize),
    /// The provider takes the message.
    Accept(usize),
    /// A hand records the outcome of its delivery: `push::store::record`.
    Record(usize),
    /// Half a lease passes.
    Tick,
    /// A process continues after a pause.
    Resume(usize),
    /// Something goes wrong.
    Fault(Fault),
}

/// A step of the mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// Its transaction begins.
    Begin,
    /// Its transaction is committed, and the phone gets the answer.
    Commit,
    /// The notification is announced after the commit. Not in the product.
    Announce,
    /// The phone repeats it, with the same id.
    Again,
}

/// A fault. Each counts towards the maximum of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The database refuses the mutation's transaction, which is retried.
    RefusesCommit,
    /// The phone gets no answer, because the answer to the commit is lost or the server dies.
    NoAnswer {
        /// Whether the transaction was committed.
        committed: bool,
    },
    /// The planning transaction fails for its worker.
    PlanFails {
        /// The worker.
        hand: usize,
        /// Whether the transaction was committed all the same.
        committed: bool,
    },
    /// The end of a job or of a delivery cannot be recorded.
    NotRecorded(usize),
    /// The provider is unavailable for a moment.
    Unavailable(usize),
    /// The provider takes the message, but its answer is lost.
    AcceptedUnheard(usize),
    /// A process is killed, and starts again.
    Crash(usize),
    /// A process pauses, for any length of time.
    Pause(usize),
    /// The clock of a process is set this far ahead.
    SetClock(usize, Halves),
}
