//! Requesting, undoing and carrying out the deletion of an account.

use chrono::{DateTime, TimeDelta, Utc};
use entity::MemberId;
use entity::session::RevokedReason;

use super::super::limits;
use super::super::store::session::SessionFilter;
use super::super::{erasures, store};
use super::{Account, notices, sessions};
use crate::app::App;
use crate::error::Fault;
use crate::fact::Fact;
use crate::jobs::{self, AccountNotice, Job};
use crate::passphrase::Passphrase;
use crate::transact;
use crate::tx::Done;
use crate::viewer::SignedIn;

/// The outcome of a deletion request.
pub enum DeleteOutcome {
    /// The account waits for its deletion.
    Marked(Account),
    /// The passphrase is wrong.
    WrongPassphrase,
}

/// Marks the account for deletion: hides the member from everyone at once, signs his other devices out, and schedules
/// the purge for the end of the grace period. Idempotent: a repeated request gets the same due time.
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
    let (owner, filter) = (who.member, SessionFilter::Except(who.session));
    let marked = transact!(app, |tx| {
        if !store::account::mark_for_deletion(tx, &account, due_at, now).await? {
            return Ok(Done::Undo(false));
        }
        let member = owner;
        app.follow(tx, Fact::DeletionRequested { member }).await?;
        sessions::end(app, tx, owner, filter, RevokedReason::AccountDeleted).await?;
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
    // It was marked before, or another request changed the passphrase at the same moment.
    let account = super::account(app, owner).await?;
    Ok(account
        .filter(|account| account.deletion_due_at.is_some())
        .map_or(DeleteOutcome::WrongPassphrase, DeleteOutcome::Marked))
}

/// The least time between two undos, so that nobody can disappear and reappear to watch who misses him. It is shorter
/// than the grace period, so that everybody who wants to stay can.
const BETWEEN_UNDOS: TimeDelta = TimeDelta::days(1);

/// The outcome of undoing a deletion.
pub enum UndoOutcome {
    /// The account stays.
    Kept(Account),
    /// The last undo is too recent. The next is possible from this time on.
    TooSoon(DateTime<Utc>),
    /// The deletion is due.
    TooLate,
}

/// Unmarks the account, and shows the member again. Idempotent. Returns `None` if the account is gone.
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

/// Deletes an account that is due, unless its deletion was undone. If a device is still signed in, this ends its
/// session first and schedules the rest a minute later, when every process must have noticed: after the deletion there
/// is no session row left to notice.
pub async fn purge(app: &App, member: MemberId) -> Result<(), Fault> {
    let now = app.clock.now();
    let again_at = now + TimeDelta::minutes(1);
    transact!(app, |tx| {
        let Some(account) = store::account::load_due_locked(tx, member, now).await? else {
            return Ok(Done::Undo(()));
        };
        let reason = RevokedReason::AccountDeleted;
        if sessions::end(app, tx, member, SessionFilter::All, reason).await? {
            jobs::enqueue(app, tx, &Job::PurgeAccount { member }, again_at).await?;
            return Ok(Done::Keep(()));
        }
        app.follow(tx, Fact::Purging { member }).await?;
        store::sign_up::remove_of(tx, &account.email_key).await?;
        jobs::forget(tx, member, &account.email_key, &account.email).await?;
        // Before the removal, so that nobody is erased without being on the list. A second entry does no harm.
        erasures::record(app, member).await?;
        store::account::remove(tx, member).await?;
        Ok(Done::Keep(()))
    })?;
    // The embedded database has overwritten the member's data in its file, but not in its log.
    Ok(app.db.forget_log().await?)
}
