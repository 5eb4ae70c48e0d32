//! Database access for pacts, nudges and received words.

mod nudges;
mod read;
mod received;
mod seal;
mod write;

pub use nudges::{NewNudge, PACT_NUDGES};
pub(super) use nudges::{
    answer_nudge, count_nudges, count_today, insert_nudge, list_nudges, nudge_of,
    nudge_sent_before, nudge_states, nudges_by_ids, nudges_of_pact,
};
pub use read::MY_PACTS;
pub(super) use read::{
    Held, by_ids, can_be_woken, count, list, of_member, open_of, open_of_peering, sent_before,
    shared_with, side_of, states, words_with,
};
pub use received::RECEIVED;
pub(super) use received::{
    Source, count_received, forget_hidden, keep, list_received, of_pact, received_by_ids,
    remove_received,
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

/// The associated data with which a wish is encrypted: it binds the wish to its member and pact.
fn wish_of<'a>(pact: &'a PactId, member: &'a MemberId) -> [&'a [u8]; 3] {
    [b"pact wish", member.0.as_bytes(), pact.0.as_bytes()]
}

/// Encrypts a wish.
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
        // A wish that cannot be decrypted is stored again as it is.
        Opened::Unreadable(sealed) => Ok(sealed.clone()),
    };
    wish.map(seal).transpose()
}

/// Reads a wish. A plaintext wish takes precedence: an older version of the program wrote it after the encrypted one.
fn wish(
    app: &App,
    (pact, member): (PactId, MemberId),
    clear: Option<String>,
    sealed: Option<Vec<u8>>,
) -> Option<Opened> {
    let read = |sealed| app.keys.at_rest().read(&wish_of(&pact, &member), sealed);
    clear.map(Opened::Text).or_else(|| sealed.map(read))
}

/// The condition that a pact is not over. Written as SQL text without bound values: PostgreSQL uses a partial index
/// only if the statement states its condition literally.
fn open() -> Expr {
    Expr::cust("\"pact\".\"ended_at\" IS NULL")
}

/// The condition that a proposal is open, as far as its proposer knows: he is not told of a no. SQL text, as in
/// [`open`].
fn unanswered() -> Expr {
    Expr::cust("\"pact\".\"state\" IN ('proposed', 'declined') AND \"pact\".\"ended_at\" IS NULL")
}

/// The condition that both partners agreed, and neither ended the pact. Does not look at its last day. SQL text, as in
/// [`open`].
fn agreed() -> Expr {
    Expr::cust("\"pact\".\"state\" = 'active' AND \"pact\".\"ended_at\" IS NULL")
}
