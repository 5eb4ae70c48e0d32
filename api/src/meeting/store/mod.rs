//! Database access for meetings, their occurrences and answers. Reads for display take a viewer, and leave out what is
//! not visible to him.

mod answers;
mod read;
mod write;

pub use answers::{answers, followed, followers, going, seats, starts_of};
pub use read::{
    LIST, OccurrenceFilter, OccurrenceView, by_meeting, by_meetings, by_occurrence, by_occurrences,
    circle_role, count, page, to_answer, to_change,
};
pub use write::{
    Seats, Written, answer, cancel, free_seat, insert, leave_all, lock_circle,
    lock_circle_of_occurrence, lock_membership, move_to, record_change, release_hosted,
    set_capacity, take_seat, times_behind, update,
};
