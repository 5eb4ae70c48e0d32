//! The order in which every transaction takes its locks.

/// The rank of a lock. Two transactions that lock the same rows in the same order cannot deadlock. Several rows of one
/// rank are locked in the order of their ids.
///
/// Notifications have no rank: they are written by their keys, between the other locks. If two transactions deadlock
/// there, PostgreSQL ends one of them, and [`transact!`](crate::transact) runs it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// An account with its sessions and changes of its address.
    Account,
    /// A circle with its members and facilitators.
    Circle,
    /// The role of an account, while it is relied on.
    Role,
    /// A meeting, and the membership that a seat in it needs.
    Meeting,
    /// A member: the profile, and everything that two members share.
    Member,
    /// A member's days: check-ins, plans, and the terms of the days.
    Days,
    /// A member's daily reminder.
    Reminder,
    /// A member's ladder with its rungs.
    Ladder,
    /// A commitment of a member.
    Commitment,
    /// The change feed of members' devices: always last.
    Feed,
}
