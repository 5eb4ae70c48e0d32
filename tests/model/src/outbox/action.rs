//! What can happen.

use super::row::Halves;

/// What can happen next. A hand is one of the two workers' places, a process what they run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The service does a step of the mutation.
    Request(Ask),
    /// The member withdraws what was announced: `nudge::service::withdraw`.
    Withdraw,
    /// It is announced again under the same key: `nudge::service::announce`.
    AnnounceAgain,
    /// A hand claims a job: `jobs::store::claim`.
    Take(usize, usize),
    /// A hand runs its job: `nudge::plan::notification`, one transaction.
    Plan(usize),
    /// A hand removes its job, or puts it back: `jobs::store::{finish, fail}`.
    Finish(usize),
    /// A hand leaves its job, because the lease has passed to another: `Worker::keep`.
    Leave(usize),
    /// A hand claims a delivery: `push::store::claim`.
    Claim(usize, usize),
    /// A hand asks about its delivery once more: `push::service::recheck`.
    Check(usize),
    /// A hand looks whether there is time, and sends: `push::service::send`.
    Send(usize),
    /// The provider takes the message.
    Accept(usize),
    /// A hand writes down what became of its delivery: `push::store::record`.
    Record(usize),
    /// Half a lease passes.
    Tick,
    /// A process goes on after a pause.
    Resume(usize),
    /// Something goes wrong.
    Fault(Fault),
}

/// A step of the mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// Its transaction begins.
    Begin,
    /// Its transaction is committed, and the phone hears of it.
    Commit,
    /// It is announced after the commit. Not in the product.
    Announce,
    /// The phone asks again, with the same id.
    Again,
}

/// What goes wrong. Each takes one from what a run has of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The database refuses the mutation's transaction, which is tried again.
    RefusesCommit,
    /// The phone gets no answer, whether the transaction was committed or not: the answer to the commit is lost, or
    /// the server dies.
    NoAnswer {
        /// Whether it was.
        committed: bool,
    },
    /// The transaction that plans fails for its worker, whether it was committed or not.
    PlanFails {
        /// Whose.
        hand: usize,
        /// Whether it was.
        committed: bool,
    },
    /// The end of a job or of a delivery cannot be written down.
    NotRecorded(usize),
    /// The provider has a bad moment.
    Unavailable(usize),
    /// The provider takes the message, and its answer is lost.
    AcceptedUnheard(usize),
    /// A process is killed, and starts again.
    Crash(usize),
    /// A process stands still, for as long as it likes.
    Pause(usize),
    /// The clock of a process is set to be so far ahead.
    SetClock(usize, Halves),
}
