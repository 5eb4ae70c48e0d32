//! Leaving, coming back, and being gone.

use chrono::{DateTime, TimeDelta, Utc};
use entity::MemberId;
use entity::session::RevokedReason;

use super::super::limits;
use super::super::store::session::Which;
use super::super::{erasures, store};
use super::{Account, notices, sessions};
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::fact::Fact;
use crate::jobs::{self, AccountNotice, Job};
use crate::passphrase::Passphrase;
use crate::viewer::SignedIn;

/// What became of the wish to leave.
pub enum DeleteOutcome {
    /// The account waits for its day.
    Marked(Account),
    /// That is not his passphrase.
    WrongPassphrase,
}

/// Hides the member from everyone at once, signs his other devices out, and has the account deleted when
/// its time is over. Asked again it answers the same, with the same day.
pub async fn delete(
    app: &App,
    who: SignedIn,
    passphrase: &Passphrase,
) -> Result<DeleteOutcome, Fault> {
    let _ = limits::passphrase(app, who).await?;
    let account = store::account::find(app.db.pool(), who.member).await?;
    let hash = account.as_ref().map(|found| found.passphrase_hash.clone());
    let right = app.passphrases.verify(passphrase, hash).await?;
    let Some(account) = account.filter(|_| right) else {
        return Ok(DeleteOutcome::WrongPassphrase);
    };
    let now = app.clock.now();
    let due_at = now + TimeDelta::days(app.config.auth.deletion_grace_days.into());
    let (owner, which) = (who.member, Which::Except(who.session));
    let marked = transact!(app, |tx| {
        if !store::account::mark_for_deletion(tx, &account, due_at, now).await? {
            return Ok(Done::Undo(false));
        }
        let member = owner;
        app.follow(tx, Fact::DeletionRequested { member }).await?;
        sessions::end(app, tx, owner, which, RevokedReason::AccountDeleted).await?;
        jobs::enqueue(app, tx, &Job::PurgeAccount { member: owner }, due_at).await?;
        notices::write(app, tx, owner, AccountNotice::DeletionRequested).await?;
        Ok(Done::Keep(true))
    })?;
    if marked {
        let deletion_due_at = Some(due_at);
        return Ok(DeleteOutcome::Marked(Account {
            deletion_due_at,
            ..account.into()
        }));
    }
    // Marked before, or the passphrase was changed in the same moment.
    let account = super::account(app, owner).await?;
    Ok(account
        .filter(|account| account.deletion_due_at.is_some())
        .map_or(DeleteOutcome::WrongPassphrase, DeleteOutcome::Marked))
}

/// A deletion is undone once within this time: nobody goes in and out of sight to watch who misses him. It is shorter
/// than the time of grace, so that everybody who wants to stay can.
const BETWEEN_UNDOS: TimeDelta = TimeDelta::days(1);

/// What became of the wish to stay.
pub enum UndoOutcome {
    /// The account stays.
    Kept(Account),
    /// He came back not long ago; he can again from then on.
    TooSoon(DateTime<Utc>),
    /// Its day has come.
    TooLate,
}

/// Keeps an account that waits for deletion, and shows the member again. Asked again it answers the same.
pub async fn undo_deletion(app: &App, who: SignedIn) -> Result<Option<UndoOutcome>, Fault> {
    let now = app.clock.now();
    let owner = who.member;
    transact!(app, |tx| {
        if !store::account::unmark(tx, owner, now, now - BETWEEN_UNDOS).await? {
            return Ok(Done::Undo(()));
        }
        app.follow(tx, Fact::DeletionUndone { member: owner })
            .await?;
        notices::write(app, tx, owner, AccountNotice::DeletionUndone).await?;
        Ok(Done::Keep(()))
    })?;
    let account = store::account::find(app.db.pool(), owner).await?;
    Ok(account.map(|account| {
        let again = account.deletion_undone_at.map(|at| at + BETWEEN_UNDOS);
        match (account.deletion_due_at, again) {
            (None, _) => UndoOutcome::Kept(account.into()),
            (Some(_), Some(again)) if now < again => UndoOutcome::TooSoon(again),
            (Some(_), _) => UndoOutcome::TooLate,
        }
    }))
}

/// Deletes an account whose day has come, unless it was had back meanwhile. Where a device is still signed
/// in, that is ended first, and the rest waits until every process must have noticed: afterwards there is
/// no session left to notice.
pub async fn purge(app: &App, member: MemberId) -> Result<(), Fault> {
    let now = app.clock.now();
    let again_at = now + TimeDelta::minutes(1);
    transact!(app, |tx| {
        let Some(account) = store::account::hold_due(tx, member, now).await? else {
            return Ok(Done::Undo(()));
        };
        let reason = RevokedReason::AccountDeleted;
        if sessions::end(app, tx, member, Which::All, reason).await? {
            jobs::enqueue(app, tx, &Job::PurgeAccount { member }, again_at).await?;
            return Ok(Done::Keep(()));
        }
        app.follow(tx, Fact::Purging { member }).await?;
        store::sign_up::remove_of(tx, &account.email_key).await?;
        jobs::forget(tx, member, &account.email_key, &account.email).await?;
        // Before he is removed, so that nobody is erased who is not on the list. Twice on it is as good as once.
        erasures::record(app, member).await?;
        store::account::remove(tx, member).await?;
        Ok(Done::Keep(()))
    })?;
    // What he wrote is overwritten in the file, and still stands in the log of the embedded database.
    Ok(app.db.forget_log().await?)
}
