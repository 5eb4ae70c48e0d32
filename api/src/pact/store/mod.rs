//! Pacts in the database.

mod nudges;
mod read;
mod received;
mod seal;
mod write;

pub use nudges::{NewNudge, PACT_NUDGES};
pub(super) use nudges::{
    answer_nudge, count_nudges, count_today, insert_nudge, list_nudges, nudge_of,
    nudge_sent_before, nudge_states, nudges_of_pact, these_nudges,
};
pub use read::MY_PACTS;
pub(super) use read::{
    Held, can_be_woken, count, list, of_member, open_of, open_of_peering, sent_before, shared_with,
    sharing, side_of, states, these, words_with,
};
pub use received::RECEIVED;
pub(super) use received::{
    Source, count_received, forget_hidden, keep, list_received, of_pact, remove_received,
    these_received,
};
pub(super) use seal::seal_wishes;
pub(super) use write::{
    Over, activate, bump, close_over, decline, end, insert, lapsed_sides, put_end, put_side,
    set_agreed_until,
};

use entity::{MemberId, PactId};
use sea_orm::sea_query::Expr;

use crate::app::App;
use crate::error::Fault;
use crate::keys::at_rest::Opened;

/// What a wish is sealed as.
fn wish_of<'a>(pact: &'a PactId, member: &'a MemberId) -> [&'a [u8]; 3] {
    [b"pact wish", member.0.as_bytes(), pact.0.as_bytes()]
}

/// Seals how a man likes to be nudged.
fn sealed_wish(
    app: &App,
    (pact, member): (PactId, MemberId),
    wish: Option<&Opened>,
) -> Result<Option<Vec<u8>>, Fault> {
    let seal = |wish: &Opened| match wish {
        Opened::Text(text) => {
            let keys = app.keys.at_rest();
            keys.seal(&app.entropy, &wish_of(&pact, &member), text)
        }
        // What cannot be read stays as it is.
        Opened::Unreadable(sealed) => Ok(sealed.clone()),
    };
    wish.map(seal).transpose()
}

/// How a man likes to be nudged. In the clear it is newer: an older program wrote it since.
fn wish(
    app: &App,
    (pact, member): (PactId, MemberId),
    clear: Option<String>,
    sealed: Option<Vec<u8>>,
) -> Option<Opened> {
    let read = |sealed| app.keys.at_rest().read(&wish_of(&pact, &member), sealed);
    clear.map(Opened::Text).or_else(|| sealed.map(read))
}

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
