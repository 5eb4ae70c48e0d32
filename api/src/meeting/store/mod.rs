//! Meetings, their occurrences and the answers to them: the only statements there are. Whatever is read here
//! is read for a viewer, and what is not there for him is not found.

mod read;
mod write;

pub use read::{LIST, Seen, Which, by_meeting, by_occurrence, circle_role, count, page, seats};
pub use write::{
    Written, answer, cancel, free_seat, going, hold_membership, insert, leave_all, set_capacity,
    take_seat, update,
};
