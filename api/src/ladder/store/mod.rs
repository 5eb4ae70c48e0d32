//! SQL for ladders, rungs and tellings. No other module has statements for these tables.

mod claim;
mod rungs;
mod tellings;

pub use rungs::LADDER_REQUESTS;
pub use tellings::{LADDER_LOG, TELLINGS};

pub(super) use claim::{behind, reschedule_all};
pub(super) use rungs::{
    add_rung, agreed, answer, asked_of, asks, asks_by_ids, bare, bare_rungs_of, count_asks,
    load_locked, lock_rungs, mark_sent, of_member, put, remove_rung, remove_rungs, reschedule,
    rungs_of, start_over, update_rung, wake_those_that_tell, with_circle, with_peering, words,
};
pub(super) use tellings::{
    add as add_tellings, by_ids as tellings_by_ids, count_log, count_received, log, over,
    over_among, received,
};

use entity::{MemberId, RungId, TellingId};

use crate::app::App;
use crate::error::Fault;
use crate::keys::at_rest::Opened;

/// The context that the encryption of words is bound to: a rung or a telling.
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
