//! Changing an account's e-mail address.

use chrono::{DateTime, TimeDelta, Utc};
use entity::account::Model;
use entity::account_code::{self, Purpose};
use entity::{EmailChangeId, MemberId, email_change};

use super::super::code::Code;
use super::super::email::forms;
use super::super::limits::Counted;
use super::super::limits::letters::{self, Asked, By};
use super::super::model::Email;
use super::super::store;
use super::super::undo_code::UndoCode;
use super::{Account, credentials, notices};
use crate::app::App;
use crate::error::Fault;
use crate::jobs::{self, AccountNotice, Job};
use crate::passphrase::Passphrase;
use crate::security::{Event, Line};
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::SignedIn;

/// Within this time a repeated request counts as the same one: no second letter is sent.
const REPEAT_WINDOW: TimeDelta = TimeDelta::minutes(1);

/// The outcome of a request to change the address.
pub enum RequestOutcome {
    /// A letter is on its way. Its code is good until this time.
    Accepted(DateTime<Utc>),
    /// The passphrase is wrong.
    WrongPassphrase,
}

/// Has the worker mail a code to the new address. If another account has that address, its owner gets a letter
/// instead.
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
    if let Some(same) = same.filter(|code| now - code.created_at < REPEAT_WINDOW) {
        return Ok(RequestOutcome::Accepted(disclosed_expiry(app, &same)));
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
            Some(before) if now - before.created_at < REPEAT_WINDOW => {
                return Ok(Done::Undo(disclosed_expiry(app, &before)));
            }
            // Reuse the code only if it is still good when the delayed letter arrives.
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
        Ok(Done::Keep(disclosed_expiry(app, &code)))
    })?;
    Ok(RequestOutcome::Accepted(expires_at))
}

/// Whether a code is still good and was requested for the same address.
fn is_same(app: &App, code: &account_code::Model, email: &Email) -> bool {
    super::still_good(app, code) && code.new_email.as_deref() == Some(email.as_str())
}

/// Returns when a code expires, as far as the caller is told. The code of a delayed letter is good for longer, but the
/// delay depends on what others requested, so the caller must not learn it.
fn disclosed_expiry(app: &App, code: &account_code::Model) -> DateTime<Utc> {
    code.created_at + super::code_life(app)
}

/// A change that waits to take effect.
pub struct PendingEmail {
    /// The address that the account will have.
    pub email: String,
    /// When the account gets it.
    pub due_at: DateTime<Utc>,
}

/// Returns a member's change that waits, if there is one.
pub async fn pending_email(app: &App, owner: MemberId) -> Result<Option<PendingEmail>, Fault> {
    let waiting = store::email_change::waiting_of(app.db.pool(), owner).await?;
    Ok(waiting.map(|change| PendingEmail {
        email: change.new_email,
        due_at: change.due_at,
    }))
}

/// The outcome of entering a code.
pub enum ConfirmOutcome {
    /// The address is proved; the account has it, or will have it.
    Confirmed(Account),
    /// The code is wrong or no longer good.
    WrongCode,
    /// Another account has got the address meanwhile.
    Taken,
}

/// Confirms the new address with its code. The account moves after the configured delay. Idempotent: the same code
/// gets the same answer.
pub async fn confirm_email_change(
    app: &App,
    who: SignedIn,
    code: &Code,
) -> Result<ConfirmOutcome, Fault> {
    let now = app.clock.now();
    let owner = who.member;
    transact!(app, |tx| {
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
            let waiting = store::email_change::waiting_of(tx, owner).await?;
            let is_already_applied =
                account.email == new || waiting.is_some_and(|it| it.new_email == new);
            let outcome = if is_already_applied {
                ConfirmOutcome::Confirmed(account.into())
            } else {
                ConfirmOutcome::WrongCode
            };
            return Ok(Done::Undo(outcome));
        }
        let Ok(email) = Email::parse("email", new) else {
            return Err(Fault::Broken("a code's new address is an address"));
        };
        let has_it = store::account::find_by_email(tx, email.key()).await?;
        if has_it.is_some_and(|other| other.member_id != owner) {
            return Ok(Done::Undo(ConfirmOutcome::Taken));
        }
        if !store::code::used(tx, guessed.id, now).await? {
            return Err(Fault::Broken("an account's own code is used once"));
        }
        if forms(&account.email_key)
            .iter()
            .any(|form| form == email.key())
        {
            // The same mailbox in another spelling moves at once.
            let (text, key) = (email.as_str(), email.key());
            store::account::move_to(tx, owner, text, key, now).await?;
            let moved = Account {
                email: text.to_owned(),
                email_verified_at: now,
                ..account.into()
            };
            return Ok(Done::Keep(ConfirmOutcome::Confirmed(moved)));
        }
        wait(app, tx, &account, &email).await?;
        let line = Line::in_session(Event::EmailChangeConfirmed, owner, who.session);
        tx.log(line);
        Ok(Done::Keep(ConfirmOutcome::Confirmed(account.into())))
    })
}

/// Records a change that was proved, and mails the old address how to undo it.
async fn wait(app: &App, tx: &Tx, account: &Model, new: &Email) -> Result<(), Fault> {
    let now = app.clock.now();
    let change = email_change::Model {
        id: app.ids.next(),
        member_id: account.member_id,
        old_email_key: account.email_key.clone(),
        new_email: new.as_str().to_owned(),
        confirmed_at: now,
        due_at: now + TimeDelta::hours(app.config.auth.email_change_hours.into()),
        dropped_at: None,
        done_at: None,
    };
    store::email_change::replace(tx, &change).await?;
    let letter = Job::MailEmailChangeUndo { change: change.id };
    tx.wake();
    jobs::enqueue(app, tx, &letter, now).await?;
    let apply = Job::ApplyEmailChange { change: change.id };
    jobs::enqueue(app, tx, &apply, change.due_at).await?;
    let notice = AccountNotice::EmailChangeConfirmed;
    notices::tell_devices(app, tx, account.member_id, notice).await
}

/// Applies a change that is due, unless it was dropped meanwhile. If another account has the address by now, this one
/// keeps its own.
pub async fn apply_email_change(app: &App, id: EmailChangeId) -> Result<(), Fault> {
    let now = app.clock.now();
    transact!(app, |tx| {
        let Some(change) = store::email_change::load_due_locked(tx, id, now).await? else {
            return Ok(Done::Undo(()));
        };
        let owner = change.member_id;
        let Some(account) = store::account::find(tx, owner).await? else {
            return Ok(Done::Undo(()));
        };
        let Ok(email) = Email::parse("email", &change.new_email) else {
            return Err(Fault::Broken("a change's new address is an address"));
        };
        let has_it = store::account::find_by_email(tx, email.key()).await?;
        if has_it.is_some_and(|other| other.member_id != owner) {
            drop_waiting(app, tx, owner).await?;
            return Ok(Done::Keep(()));
        }
        let (text, key) = (email.as_str(), email.key());
        store::account::move_to(tx, owner, text, key, change.confirmed_at).await?;
        store::email_change::done(tx, id, now).await?;
        // Codes that were mailed to the old address must not open anything any more.
        store::code::end_open(tx, owner, now).await?;
        let (old, new) = (account.email, text.to_owned());
        notices::write_to(app, tx, owner, old, AccountNotice::EmailChanged).await?;
        notices::write_to(app, tx, owner, new, AccountNotice::EmailIsHere).await?;
        tx.log(Line::of(Event::EmailChanged, owner));
        notices::tell_devices(app, tx, owner, AccountNotice::EmailChanged).await?;
        Ok(Done::Keep(()))
    })
}

/// Drops a member's change that waits, and notifies him. Returns whether there was one.
pub(super) async fn drop_waiting(app: &App, tx: &Tx, owner: MemberId) -> Result<bool, Fault> {
    if !store::email_change::drop_of(tx, owner, app.clock.now()).await? {
        return Ok(false);
    }
    tx.log(Line::of(Event::EmailChangeDropped, owner));
    notices::tell(app, tx, owner, AccountNotice::EmailChangeDropped).await?;
    Ok(true)
}

/// Drops the caller's change that waits. Idempotent. Returns `None` if the account is gone.
pub async fn cancel_email_change(app: &App, who: SignedIn) -> Result<Option<Account>, Fault> {
    transact!(app, |tx| {
        Ok(Done::Keep(drop_waiting(app, tx, who.member).await?))
    })?;
    super::account(app, who.member).await
}

/// The outcome of undoing a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UndoEmailOutcome {
    /// The account keeps its address.
    Kept,
    /// There is no such change, it has taken effect, or the code is wrong.
    WrongCode,
}

/// Drops a change for a caller who knows the code that was mailed to the old address. The caller may be signed in or
/// not. An address without a change costs the same statements as a wrong code. Idempotent: the same code gets the same
/// answer.
pub async fn undo_email_change(
    app: &App,
    _: Counted,
    old: &Email,
    code: &UndoCode,
) -> Result<UndoEmailOutcome, Fault> {
    let changes = store::email_change::away_from(app.db.pool(), old.typed_key()).await?;
    let mut changes = changes.into_iter();
    let Some(change) = changes.find(|change| UndoCode::of(&app.keys, change).is(code)) else {
        return Ok(UndoEmailOutcome::WrongCode);
    };
    let owner = change.member_id;
    transact!(app, |tx| {
        let waiting = store::email_change::waiting_of(tx, owner).await?;
        if waiting.is_some_and(|waiting| waiting.id == change.id) {
            // If nothing was dropped, the change took effect or was dropped at this very moment.
            if drop_waiting(app, tx, owner).await? {
                return Ok(Done::Keep(UndoEmailOutcome::Kept));
            }
        }
        let found = store::email_change::find(tx, change.id).await?;
        let outcome = match found {
            Some(found) if found.dropped_at.is_some() => UndoEmailOutcome::Kept,
            _ => UndoEmailOutcome::WrongCode,
        };
        Ok(Done::Undo(outcome))
    })
}
