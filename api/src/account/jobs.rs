//! The worker's jobs for accounts. Each may run twice: its letter is then mailed twice, with the same code in it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{AccountCodeId, EmailChangeId, MemberId, SignUpId};

use uuid::Uuid;

use super::code::Code;
use super::model::Email;
use super::undo_code::UndoCode;
use super::{limits, service, store};
use crate::app::App;
use crate::db::SLICE;
use crate::error::Fault;
use crate::jobs::{self, AccountNotice, Job};
use crate::keys::sha256;
use crate::mail::{Letter, letters};
use crate::profile;

/// How long ended sessions are kept.
const ENDED_SESSIONS_KEPT: TimeDelta = TimeDelta::days(30);
/// How long the id of a sign-up is refused for another address.
const USED_IDS_KEPT: TimeDelta = TimeDelta::days(400);

/// A purge that is overdue by this much was given up, because something was away.
const OVERDUE: TimeDelta = TimeDelta::days(1);
const OVERDUE_AT_ONCE: u64 = 100;
/// How long a repeated undo of a change gets the same answer.
const EMAIL_CHANGES_KEPT: TimeDelta = TimeDelta::days(2);

/// Sends a letter. A refusal is final: the letter is not tried again.
async fn send(app: &App, letter: Letter) -> Result<(), Fault> {
    app.mailer.send(letter, app.clock.now()).await.map(|_| ())
}

/// Returns the whole minutes left, at least one.
fn minutes_left(app: &App, until: DateTime<Utc>) -> i64 {
    (until - app.clock.now()).num_minutes().max(1)
}

/// Mails the code of a sign-up. If the address has an account already, its owner gets a letter without a code instead.
pub async fn mail_sign_up(app: &App, id: SignUpId) -> Result<(), Fault> {
    let sign_up = store::sign_up::find(app.db.pool(), id).await?;
    let open = sign_up.filter(|sign_up| sign_up.verified_at.is_none());
    let Some(mut sign_up) = open else {
        return Ok(());
    };
    // If the letter is late, its code gets its whole life again, so that it is good on arrival.
    let whole = TimeDelta::minutes(app.config.auth.code_minutes.into());
    if sign_up.expires_at < app.clock.now() + whole - TimeDelta::minutes(1) {
        sign_up.expires_at = app.clock.now() + whole;
        store::sign_up::put_off(app.db.pool(), id, sign_up.expires_at).await?;
    }
    let known = store::account::find_by_email(app.db.pool(), &sign_up.email_key).await?;
    let letter = if let Some(account) = known {
        letters::sign_up_known(&account.email)
    } else {
        let code = Code::of_sign_up(&app.keys, &sign_up).to_string();
        let minutes = minutes_left(app, sign_up.expires_at);
        letters::sign_up_code(&sign_up.email, &code, minutes)
    };
    send(app, letter).await
}

/// Mails a code for a new passphrase, if the address has an account.
pub async fn mail_passphrase_reset(
    app: &App,
    email_key: &str,
    request: Option<Uuid>,
) -> Result<(), Fault> {
    let Some((email, code)) = service::reset_code(app, email_key, request).await? else {
        return Ok(());
    };
    let minutes = minutes_left(app, code.expires_at);
    let code = Code::of(&app.keys, &code).to_string();
    send(app, letters::passphrase_reset(&email, &code, minutes)).await
}

/// Mails the code that proves a new address. If another account has the address, its owner gets a letter without a
/// code instead.
pub async fn mail_email_change(app: &App, id: AccountCodeId) -> Result<(), Fault> {
    let code = store::code::find(app.db.pool(), id).await?;
    let open = code.filter(|code| code.used_at.is_none() && code.expires_at > app.clock.now());
    let Some(code) = open else {
        return Ok(());
    };
    let new_email = code.new_email.as_deref().unwrap_or_default();
    let Ok(email) = Email::parse("email", new_email) else {
        return Err(Fault::Broken("a code's new address is an address"));
    };
    let known = store::account::find_by_email(app.db.pool(), email.typed_key()).await?;
    let letter = match known {
        // The member's own address in another spelling gets a code, too.
        Some(account) if account.member_id != code.member_id => {
            letters::email_change_known(&account.email)
        }
        _ => {
            let minutes = minutes_left(app, code.expires_at);
            let code = Code::of(&app.keys, &code).to_string();
            letters::email_change_code(email.as_str(), &code, minutes)
        }
    };
    send(app, letter).await
}

/// Mails the code that undoes a change of e-mail address to the address the account still has. Does nothing if the
/// change is already over.
pub async fn mail_email_change_undo(app: &App, id: EmailChangeId) -> Result<(), Fault> {
    let db = app.db.pool();
    let Some(change) = store::email_change::find_waiting(db, id).await? else {
        return Ok(());
    };
    let Some(account) = store::account::find(db, change.member_id).await? else {
        return Ok(());
    };
    let code = UndoCode::of(&app.keys, &change).to_string();
    let letter = letters::email_change_undo(&account.email, &code, change.due_at);
    send(app, letter).await
}

/// Applies a change of e-mail address that is due.
pub async fn apply_email_change(app: &App, id: EmailChangeId) -> Result<(), Fault> {
    service::apply_email_change(app, id).await
}

/// Mails a member a notice about his account.
pub async fn mail_notice(
    app: &App,
    member: MemberId,
    email: &str,
    notice: AccountNotice,
) -> Result<(), Fault> {
    let letter = match notice {
        AccountNotice::PassphraseChanged => letters::passphrase_changed(email),
        AccountNotice::EmailChanged => letters::email_changed(email),
        AccountNotice::EmailIsHere => letters::email_is_here(email),
        AccountNotice::EmailChangeDropped => letters::email_change_dropped(email),
        // `mail_email_change_undo` mails its letter, which has a code.
        AccountNotice::EmailChangeConfirmed => return Ok(()),
        AccountNotice::SignedIn => letters::signed_in(email),
        AccountNotice::PushAddressTaken => letters::push_address_taken(email),
        AccountNotice::DeletionRequested => {
            let account = service::account(app, member).await?;
            let Some(due_at) = account.and_then(|account| account.deletion_due_at) else {
                // The deletion is already undone, and another letter says so.
                return Ok(());
            };
            letters::deletion_requested(email, due_at)
        }
        AccountNotice::DeletionUndone => letters::deletion_undone(email),
        AccountNotice::SessionStolen => letters::session_stolen(email),
    };
    send(app, letter).await
}

/// Deletes an account that is due, unless its deletion was undone.
pub async fn purge_account(app: &App, member: MemberId) -> Result<(), Fault> {
    service::purge(app, member).await
}

/// Removes expired sign-ups and codes, sessions that ended over 30 days ago, changes of addresses that are long over,
/// and full rate limits. One slice; returns whether there is more.
pub async fn housekeep(app: &App) -> Result<bool, Fault> {
    let db = app.db.pool();
    let now = app.clock.now();
    let removed = [
        store::sign_up::remove_expired(db, now).await?,
        store::sign_up::forget_ids(db, now - USED_IDS_KEPT).await?,
        store::code::remove_expired(db, now).await?,
        store::session::remove_ended(db, now - ENDED_SESSIONS_KEPT).await?,
        store::email_change::remove_over(db, now - EMAIL_CHANGES_KEPT).await?,
        profile::service::remove_free_handles(app).await?,
    ];
    let more = limits::housekeep(app).await?;
    purge_overdue(app).await?;
    Ok(more || removed.contains(&SLICE))
}

/// Enqueues purges again that were given up: a member has a right to his erasure.
async fn purge_overdue(app: &App) -> Result<(), Fault> {
    let (db, now) = (app.db.pool(), app.clock.now());
    for member in store::account::overdue(db, now - OVERDUE, OVERDUE_AT_ONCE).await? {
        let key = format!("purge:{}", hex::encode(&sha256(member.0.as_bytes())[..8]));
        jobs::enqueue_once(app, db, &Job::PurgeAccount { member }, now, key).await?;
    }
    Ok(())
}
