//! SQL for check-ins, members' plans and their progress. No other module has statements for these tables.

mod check_ins;
mod kept;
mod plan;
mod plans;
mod shared;
mod standing;
mod words;

pub use check_ins::{
    Written, between, by_id, by_ids, count, in_the_way, insert, last_days, on_day, page, update,
    wanting_a_word, who_on_day,
};
pub use kept::{lock_for_update, settle};
pub use plan::{
    PAUSES, choose, count_pauses, end_terms, insert_pause, is_paused, not_asked_on, overlapping,
    pause, paused_on, pauses, pauses_by_ids, shorten_pause,
};
pub use plans::{PlanAndTerms, plans};
pub use shared::{CIRCLE_CHECK_INS, count_in_circle, in_circle};
pub use standing::{Standing, standing};
pub use words::emotions;

/// The id of the list of a member's check-ins, for cursors.
pub const LIST: u8 = 4;
