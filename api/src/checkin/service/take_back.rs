//! Deleting what a check-in says.

use entity::{CheckInId, MemberId};

use super::check_in::put;
use super::held;
use crate::app::App;
use crate::checkin::entry::{CheckIn, Content, History};
use crate::checkin::store;
use crate::db::{Done, transact};
use crate::error::Fault;

/// Deletes what a member's check-in says, for good and at any time; the day stays one he checked in on. Idempotent.
/// Returns `None` if he has no such check-in.
pub async fn delete_words(
    app: &App,
    member: MemberId,
    id: CheckInId,
) -> Result<Option<CheckIn>, Fault> {
    transact!(app, |tx| {
        let now = app.clock.now();
        // Whoever edits it at the same time comes before or after.
        held(app, tx, member).await?;
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
