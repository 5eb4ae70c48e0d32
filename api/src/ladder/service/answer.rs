//! Gives or withdraws the consent to be notified by a ladder.

use entity::consent::Purpose;
use entity::notification::Kind as NotificationKind;
use entity::{MemberId, RungId};

use super::{FRESH_FOR, announcement, asked_key, reset, store};
use crate::app::App;
use crate::consent::service::Given;
use crate::error::Fault;
use crate::ladder::model::{Tie, word};
use crate::transact;
use crate::tx::Done;
use crate::{checkin, circle, consent, outbox, profile};

/// The outcome of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The answer is stored.
    Succeeded,
    /// The member has no such request.
    NotFound,
}

/// Stores a member's consent to be notified when another goes quiet, or a refusal, or a withdrawal. To the other member
/// a refusal looks like no answer.
pub async fn answer(app: &App, me: MemberId, id: RungId, agree: bool) -> Result<Answered, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(before) = store::asked_of(tx, me, id).await? else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        if let Some((_, Tie::Facilitator(circle))) = before.told {
            circle::service::lock_shared(tx, circle).await?;
        }
        // Locks first and reads again: the rung may have changed in between.
        let owner = before.owner;
        profile::service::lock_members(tx, &[owner, me]).await?;
        let row = store::load_locked(tx, owner).await?;
        let rung = store::asked_of(tx, me, id).await?;
        let (Some(row), Some(rung)) = (row, rung) else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        if rung.answered_at.is_some() && agree == rung.agreed_at.is_some() {
            return Ok(Done::Undo(Answered::Succeeded));
        }
        let agreed_at = agree.then_some(now);
        if !store::answer(tx, id, now, agreed_at).await? {
            return Ok(Done::Undo(Answered::NotFound));
        }
        outbox::withdraw(tx, me, &asked_key(owner, rung.created_at)).await?;
        if agree {
            let given = Given {
                member: me,
                purpose: Purpose::LadderHearing,
                other: Some(owner),
                detail: word(rung.tells).to_owned(),
                at: now,
            };
            consent::service::give(app, tx, &given).await?;
            let key = format!("ladder_agreed:{id}");
            let what = announcement(
                (me, owner),
                NotificationKind::LadderAgreed,
                key,
                id.0,
                (now, FRESH_FOR),
            );
            outbox::announce(app, tx, &what).await?;
        } else {
            consent::service::withdraw(tx, me, Purpose::LadderHearing, owner, now).await?;
        }
        let rungs = store::bare_rungs_of(tx, owner).await?;
        let loaded = checkin::service::load_days(tx, owner).await?;
        reset::reschedule(app, tx, &row, &rungs, loaded.days()).await?;
        tx.wake();
        Ok(Done::Keep(Answered::Succeeded))
    })
}
