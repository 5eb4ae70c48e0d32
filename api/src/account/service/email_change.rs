//! Moving an account to another address.

use chrono::{DateTime, TimeDelta, Utc};
use entity::account_code::Purpose;

use super::super::code::Code;
use super::super::limits::{self, Admitted, Limited};
use super::super::model::{Email, Passphrase};
use super::super::{SignedIn, store};
use super::{Account, credentials};
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::jobs::{self, AccountNotice, Job};

/// Asked again within this time it is the same question, and no second letter goes out.
const SAME_QUESTION: TimeDelta = TimeDelta::minutes(1);

/// What became of the wish.
pub enum RequestOutcome {
    /// A letter is on its way; a code in it is good until then.
    Accepted(DateTime<Utc>),
    /// That is not his passphrase.
    WrongPassphrase,
}

/// Has the worker mail a code to the new address, or, when that has an account, tell its owner.
pub async fn request_email_change(
    app: &App,
    _: Admitted,
    who: SignedIn,
    email: &Email,
    passphrase: &Passphrase,
) -> Result<RequestOutcome, Fault> {
    if !credentials::knows_passphrase(app, who, passphrase).await? {
        return Ok(RequestOutcome::WrongPassphrase);
    }
    limits::by_account(app, Limited::Code, who.member.0.as_bytes()).await?;
    limits::by_account(app, Limited::Code, email.key().as_bytes()).await?;
    let now = app.clock.now();
    let expires_at = transact!(app, |tx| {
        let newest = store::code::newest(tx, who.member, Purpose::ChangeEmail).await?;
        let before = newest.filter(|code| {
            super::still_good(app, code) && code.new_email.as_deref() == Some(email.as_str())
        });
        let code = match before {
            Some(before) if now - before.created_at < SAME_QUESTION => {
                return Ok(Done::Undo(before.expires_at));
            }
            Some(before) => before,
            None => {
                let new_email = Some(email.as_str().to_owned());
                let code = super::new_code(app, who.member, Purpose::ChangeEmail, new_email);
                store::code::replace(tx, &code).await?;
                code
            }
        };
        let job = Job::MailEmailChange { code: code.id };
        let dedup_key = format!("email change:{}", code.id);
        jobs::enqueue_once(app, tx, &job, now, dedup_key).await?;
        tx.wake();
        Ok(Done::Keep(code.expires_at))
    })?;
    Ok(RequestOutcome::Accepted(expires_at))
}

/// What became of the code.
pub enum ConfirmOutcome {
    /// The account has the new address.
    Moved(Account),
    /// Another code was mailed, or this one is not good any more.
    WrongCode,
    /// Another account got the address meanwhile.
    Taken,
}

/// Moves the account for who knows the code. Asked again with the same code it answers the same.
pub async fn confirm_email_change(
    app: &App,
    _: Admitted,
    who: SignedIn,
    code: &Code,
) -> Result<ConfirmOutcome, Fault> {
    limits::by_account(app, Limited::Code, who.member.0.as_bytes()).await?;
    let now = app.clock.now();
    let owner = who.member;
    let moved = transact!(app, |tx| {
        let Some(newest) = store::code::newest(tx, owner, Purpose::ChangeEmail).await? else {
            return Ok(Done::Undo(ConfirmOutcome::WrongCode));
        };
        let Some(guessed) = store::code::guess(tx, newest.id, now).await? else {
            return Ok(Done::Undo(ConfirmOutcome::WrongCode));
        };
        if !Code::of(&app.keys, &guessed).is(code) {
            return Ok(Done::Keep(ConfirmOutcome::WrongCode));
        }
        let Some(account) = store::account::find(tx, owner).await? else {
            return Ok(Done::Undo(ConfirmOutcome::WrongCode));
        };
        let new = guessed.new_email.as_deref().unwrap_or_default();
        if guessed.used_at.is_some() {
            let outcome = if account.email == new {
                ConfirmOutcome::Moved(account.into())
            } else {
                ConfirmOutcome::WrongCode
            };
            return Ok(Done::Undo(outcome));
        }
        let Ok(email) = Email::parse("email", new) else {
            return Err(Fault::Broken("a code's new address is an address"));
        };
        let (text, key) = (email.as_str(), email.key());
        if !store::code::used(tx, guessed.id, now).await?
            || !store::account::move_to(tx, owner, text, key, now).await?
        {
            return Err(Fault::Broken("an account's own code is used once"));
        }
        // Whatever was mailed to the old address opens nothing any more.
        store::code::end_open(tx, owner, now).await?;
        let job = Job::MailAccountNotice {
            member: owner,
            email: account.email.clone(),
            notice: AccountNotice::EmailChanged,
        };
        jobs::enqueue(app, tx, &job, now).await?;
        tx.wake();
        let moved = Account {
            email: text.to_owned(),
            email_verified_at: now,
            ..account.into()
        };
        Ok(Done::Keep(ConfirmOutcome::Moved(moved)))
    });
    match moved {
        Err(fault) if fault.is_unique_violation() => Ok(ConfirmOutcome::Taken),
        moved => moved,
    }
}
