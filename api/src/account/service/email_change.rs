//! Moving an account to another address.

use chrono::{DateTime, TimeDelta, Utc};
use entity::account_code::{self, Purpose};

use super::super::code::Code;
use super::super::limits::letters::{self, Asked, By};
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
    who: SignedIn,
    email: &Email,
    passphrase: &Passphrase,
) -> Result<RequestOutcome, Fault> {
    if !credentials::knows_passphrase(app, who, passphrase).await? {
        return Ok(RequestOutcome::WrongPassphrase);
    }
    let now = app.clock.now();
    let newest = store::code::newest(app.db.pool(), who.member, Purpose::ChangeEmail).await?;
    let same = newest.filter(|code| is_same(app, code, email));
    if let Some(same) = same.filter(|code| now - code.created_at < SAME_QUESTION) {
        return Ok(RequestOutcome::Accepted(told(app, &same)));
    }
    let asked = Asked {
        to: email,
        by: By::Member(who.member),
        unverified: true,
    };
    let Some(at) = letters::send_at(app, &asked).await? else {
        return Ok(RequestOutcome::Accepted(now + super::code_life(app)));
    };
    let expires_at = transact!(app, |tx| {
        let newest = store::code::newest(tx, who.member, Purpose::ChangeEmail).await?;
        let before = newest.filter(|code| is_same(app, code, email));
        let code = match before {
            Some(before) if now - before.created_at < SAME_QUESTION => {
                return Ok(Done::Undo(told(app, &before)));
            }
            // A letter that waits takes a code that is good when it comes.
            Some(before) if before.expires_at >= at + super::code_life(app) / 2 => before,
            _ => {
                let new_email = Some(email.as_str().to_owned());
                let mut code = super::new_code(app, who.member, Purpose::ChangeEmail, new_email);
                code.expires_at = at + super::code_life(app);
                store::code::replace(tx, &code).await?;
                code
            }
        };
        let job = Job::MailEmailChange { code: code.id };
        let dedup_key = format!("email change:{}", code.id);
        jobs::enqueue_once(app, tx, &job, at, dedup_key).await?;
        tx.wake();
        Ok(Done::Keep(told(app, &code)))
    })?;
    Ok(RequestOutcome::Accepted(expires_at))
}

/// Whether a code that is still good was asked for the same address.
fn is_same(app: &App, code: &account_code::Model, email: &Email) -> bool {
    super::still_good(app, code) && code.new_email.as_deref() == Some(email.as_str())
}

/// Until when a code is good, as far as it is told: a letter that waits has a code that is good for longer, and how
/// long it waits depends on what others asked for.
fn told(app: &App, code: &account_code::Model) -> DateTime<Utc> {
    code.created_at + super::code_life(app)
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
    who: SignedIn,
    code: &Code,
) -> Result<ConfirmOutcome, Fault> {
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
        // The key of an older account may have its domain in Unicode.
        let others = store::account::find_by_email(tx, key).await?;
        if others.is_some_and(|other| other.member_id != owner) {
            return Ok(Done::Undo(ConfirmOutcome::Taken));
        }
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
