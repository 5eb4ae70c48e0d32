//! Deletes the words of a check-in.

use entity::{CheckInId, MemberId};

use super::check_in::put;
use super::load_locked;
use crate::app::App;
use crate::checkin::entry::{CheckIn, Content, History};
use crate::checkin::store;
use crate::error::Fault;
use crate::transact;
use crate::tx::Done;

/// Deletes the content of a member's check-in for good, at any time. The day stays a day with a check-in. Idempotent.
/// Returns `None` if the member has no such check-in.
pub async fn delete_words(
    app: &App,
    member: MemberId,
    id: CheckInId,
) -> Result<Option<CheckIn>, Fault> {
    transact!(app, |tx| {
        let now = app.clock.now();
        // A concurrent edit is either included in the deletion or finds the words deleted.
        load_locked(app, tx, member).await?;
        let Some(there) = store::by_id(tx, member, id).await? else {
            return Ok(Done::Undo(None));
        };
        let there = there.open(app);
        if there.history.words_deleted_at.is_some() {
            return Ok(Done::Undo(Some(there)));
        }
        let emptied = CheckIn {
            content: Content::default(),
            history: History {
                sent: Vec::new(),
                taken_back_at: Some(now),
                words_deleted_at: Some(now),
            },
            updated_at: now,
            ..there.clone()
        };
        put(app, tx, &there, &emptied).await?;
        Ok(Done::Keep(Some(emptied)))
    })
}
