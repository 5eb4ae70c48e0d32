//! SQL for check-ins, members' plans and their progress. No other module has statements for these tables.

mod check_ins;
mod days;
mod plan;
mod plans;
mod progress;
mod shared;
mod words;

pub use check_ins::{
    SealedCheckIn, between, by_id, by_ids, count, in_the_way, insert, last_days, on_day, page,
    update, wanting_a_word, who_on_day,
};
pub use days::{LoadedDays, load};
pub use plan::{
    PAUSES, choose, count_pauses, end_terms, insert_pause, is_paused, not_asked_on, overlapping,
    pause, paused_on, pauses, pauses_by_ids, shorten_pause,
};
pub use plans::{PlanAndTerms, plans};
pub use progress::{lock_for_update, settle};
pub use shared::{CIRCLE_CHECK_INS, count_in_circle, in_circle};
pub use words::emotions;

/// The id of the list of a member's check-ins, for cursors.
pub const LIST: u8 = 4;
