//! Agreeing to be told, and not any more.

use entity::consent::Purpose;
use entity::notification::Kind as Told;
use entity::{MemberId, RungId};

use super::{FRESH_FOR, announcement, asked_key, here, store};
use crate::app::App;
use crate::consent::service::Given;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::ladder::model::{Tie, word};
use crate::{checkin, circle, consent, nudge, profile};

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It stands.
    AsAsked,
    /// Nobody asked him that.
    NotFound,
}

/// A man agrees to be told when another goes quiet, or does not, or not any more. A no looks to the other as if he had
/// not answered.
pub async fn answer(app: &App, me: MemberId, id: RungId, agree: bool) -> Result<Answered, Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(before) = store::asked_of(tx, me, id).await? else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        if let Some((_, Tie::Facilitator(circle))) = before.told {
            circle::service::hold(tx, circle).await?;
        }
        let owner = before.owner;
        profile::service::hold(tx, &[owner, me]).await?;
        let row = store::hold(tx, owner).await?;
        let rung = store::asked_of(tx, me, id).await?;
        let (Some(row), Some(rung)) = (row, rung) else {
            return Ok(Done::Undo(Answered::NotFound));
        };
        if rung.answered_at.is_some() && agree == rung.agreed_at.is_some() {
            return Ok(Done::Undo(Answered::AsAsked));
        }
        let agreed_at = agree.then_some(now);
        if !store::answer(tx, id, now, agreed_at).await? {
            return Ok(Done::Undo(Answered::NotFound));
        }
        nudge::service::withdraw(tx, me, &asked_key(owner, rung.created_at)).await?;
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
            let what = announcement((me, owner), Told::LadderAgreed, key, id.0, (now, FRESH_FOR));
            nudge::service::announce(app, tx, &what).await?;
        } else {
            consent::service::withdraw(tx, me, Purpose::LadderHearing, owner, now).await?;
        }
        let rungs = store::bare_rungs_of(tx, owner).await?;
        let standing = checkin::service::standing(tx, owner).await?;
        here::put_on(app, tx, &row, &rungs, &standing).await?;
        tx.wake();
        Ok(Done::Keep(Answered::AsAsked))
    })
}
