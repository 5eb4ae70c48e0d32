//! Pacts in the database.

mod nudges;
mod read;
mod write;

pub use nudges::{NewNudge, PACT_NUDGES};
pub(super) use nudges::{
    answer_nudge, count_nudges, count_today, insert_nudge, list_nudges, nudge_of,
    nudge_sent_before, nudge_states, nudges_of_pact, these_nudges,
};
pub use read::MY_PACTS;
pub(super) use read::{
    Held, count, list, of_member, open_of, open_of_peering, sent_before, shared_with, sharing,
    side_of, states, these, words_with,
};
pub(super) use write::{
    Over, activate, bump, close_over, decline, end, insert, lapsed_sides, put_end, put_side,
    set_agreed_until,
};

use sea_orm::sea_query::Expr;

/// What is not over. Written out and not bound: a partial index serves no statement that leaves it open.
fn open() -> Expr {
    Expr::cust("\"pact\".\"ended_at\" IS NULL")
}

/// What waits for an answer, as far as somebody knows who was not told of a no. Written out and not bound.
fn unanswered() -> Expr {
    Expr::cust("\"pact\".\"state\" IN ('proposed', 'declined') AND \"pact\".\"ended_at\" IS NULL")
}

/// What both agreed to. Written out and not bound.
fn agreed() -> Expr {
    Expr::cust("\"pact\".\"state\" = 'active' AND \"pact\".\"ended_at\" IS NULL")
}
