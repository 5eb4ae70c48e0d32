//! Checking and changing the passphrase of a signed-in member.

use entity::session::RevokedReason;

use super::super::limits::{self, Counted};
use super::super::store;
use super::super::store::session::SessionFilter;
use super::{Account, email_change, notices, sessions};
use crate::app::App;
use crate::error::Fault;
use crate::jobs::AccountNotice;
use crate::passphrase::Passphrase;
use crate::passphrase::Strong;
use crate::security::{Event, Line};
use crate::transact;
use crate::tx::Done;
use crate::viewer::SignedIn;

/// Whether the signed-in caller knows the passphrase too: the phone may be in other hands.
pub(super) async fn knows_passphrase(
    app: &App,
    who: SignedIn,
    passphrase: &Passphrase,
) -> Result<bool, Fault> {
    let _ = limits::passphrase(app, who).await?;
    let account = store::account::find(app.db.pool(), who.member).await?;
    let hash = account.map(|account| account.passphrase_hash);
    let right = app.passphrases.verify(passphrase, hash).await?;
    if !right {
        Line::in_session(Event::PassphraseWrong, who.member, who.session).write();
    }
    Ok(right)
}

/// The outcome of a change of passphrase.
pub enum ChangeOutcome {
    /// The new passphrase is in force, and every other device is signed out.
    Changed(Account),
    /// The current passphrase is wrong.
    WrongPassphrase,
}

/// Replaces the passphrase. Idempotent: a repeated request finds the new passphrase in place and gets the same answer.
pub async fn change_passphrase(
    app: &App,
    _: Counted,
    who: SignedIn,
    current: &Passphrase,
    new: &Strong,
) -> Result<ChangeOutcome, Fault> {
    let Some(account) = store::account::find(app.db.pool(), who.member).await? else {
        return Ok(ChangeOutcome::WrongPassphrase);
    };
    let old = account.passphrase_hash.clone();
    if !app.passphrases.verify(current, Some(old.clone())).await? {
        let done = app.passphrases.verify(new.passphrase(), Some(old)).await?;
        return Ok(if done {
            ChangeOutcome::Changed(account.into())
        } else {
            Line::in_session(Event::PassphraseWrong, who.member, who.session).write();
            ChangeOutcome::WrongPassphrase
        });
    }
    let hash = app.passphrases.hash(&app.entropy, new).await?;
    let now = app.clock.now();
    let owner = who.member;
    let changed = transact!(app, |tx| {
        if !store::account::replace_passphrase(tx, owner, &old, &hash, now).await? {
            return Ok(Done::Undo(false));
        }
        store::code::end_open(tx, owner, now).await?;
        let (filter, reason) = (
            SessionFilter::Except(who.session),
            RevokedReason::PassphraseChanged,
        );
        sessions::end(app, tx, owner, filter, reason).await?;
        email_change::drop_waiting(app, tx, owner).await?;
        tx.log(Line::in_session(
            Event::PassphraseChanged,
            owner,
            who.session,
        ));
        notices::tell(app, tx, owner, AccountNotice::PassphraseChanged).await?;
        Ok(Done::Keep(true))
    })?;
    if !changed {
        // Another request changed it at the same moment.
        return Ok(ChangeOutcome::WrongPassphrase);
    }
    Ok(ChangeOutcome::Changed(account.into()))
}
