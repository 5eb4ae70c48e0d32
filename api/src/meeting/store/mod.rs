//! Meetings, their occurrences and the answers to them: the only statements there are. Whatever is read here
//! is read for a viewer, and what is not there for him is not found.

mod answers;
mod read;
mod write;

pub use answers::{answers, followed, followers, going, seats, starts_of};
pub use read::{
    LIST, Seen, Which, by_meeting, by_meetings, by_occurrence, by_occurrences, circle_role, count,
    page, to_answer, to_change,
};
pub use write::{
    Seats, Written, answer, cancel, free_seat, hold_circle, hold_circle_of_occurrence,
    hold_membership, insert, leave_all, move_to, record_change, release_hosted, set_capacity,
    take_seat, times_behind, update,
};
