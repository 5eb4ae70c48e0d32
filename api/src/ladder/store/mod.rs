//! Ladders, their rungs, and what was told by them: the only statements there are.

mod claim;
mod rungs;
mod tellings;

pub use rungs::LADDER_REQUESTS;
pub use tellings::{LADDER_LOG, TELLINGS};

pub(super) use claim::{behind, next_due, put_all_on, take_due};
pub(super) use rungs::{
    add_rung, agreed, answer, asked_of, asks, bare, bare_rungs_of, count_asks, hold, hold_rungs,
    mark_told, of_member, put, put_on, remove_rung, remove_rungs, rungs_of, start_over, these_asks,
    update_rung, wake_those_that_tell, with_circle, with_peering, words,
};
pub(super) use tellings::{
    add as add_tellings, count_log, count_told, log, over, over_among, these as these_tellings,
    told,
};

use entity::{MemberId, RungId, TellingId};

use crate::app::App;
use crate::error::Fault;
use crate::keys::at_rest::Opened;

/// Whose words, and where they stand: what they are sealed as.
#[derive(Clone, Copy)]
enum Words {
    OfRung(RungId),
    OfTelling(TellingId),
}

impl Words {
    fn seal(
        self,
        app: &App,
        owner: MemberId,
        words: Option<&Opened>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let (kind, id) = self.place();
        let what: [&[u8]; 3] = [kind, owner.0.as_bytes(), id.as_bytes()];
        let seal = |words| app.keys.at_rest().seal_again(&app.entropy, &what, words);
        words.map(seal).transpose()
    }

    fn open(self, app: &App, owner: MemberId, sealed: Option<Vec<u8>>) -> Option<Opened> {
        let (kind, id) = self.place();
        let what: [&[u8]; 3] = [kind, owner.0.as_bytes(), id.as_bytes()];
        sealed.map(|sealed| app.keys.at_rest().read(&what, sealed))
    }

    const fn place(self) -> (&'static [u8], uuid::Uuid) {
        match self {
            Self::OfRung(id) => (b"ladder rung", id.0),
            Self::OfTelling(id) => (b"ladder telling", id.0),
        }
    }
}
