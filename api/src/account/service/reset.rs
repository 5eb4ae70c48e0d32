//! Resetting a forgotten passphrase.

use entity::account_code::Purpose;
use entity::session::RevokedReason;
use entity::{MemberId, account, account_code};
use uuid::Uuid;

use super::super::code::Code;
use super::super::device_key::DeviceKey;
use super::super::limits::letters::{self, Asked, By};
use super::super::limits::{self, Requester};
use super::super::model::Email;
use super::super::store;
use super::super::store::session::SessionFilter;
use super::{email_change, notices, sessions};
use crate::app::App;
use crate::error::Fault;
use crate::jobs::{self, AccountNotice, Job};
use crate::passphrase::Passphrase;
use crate::security::{Event, Line};
use crate::transact;
use crate::tx::{Done, Tx};

/// Stands in for the member of an unknown address, so that it costs the same statements.
const NOBODY: MemberId = MemberId(Uuid::nil());

/// Has the worker mail a code if the address has an account. The answer does not reveal whether it has.
pub async fn request_reset(
    app: &App,
    from: &Requester,
    email: &Email,
    request: Option<Uuid>,
) -> Result<(), Fault> {
    let account = store::account::find_by_email(app.db.pool(), email.typed_key()).await?;
    let member = account.map_or(NOBODY, |found| found.member_id);
    let (_, by) = match from.known(app, member) {
        Some(device) => (
            limits::request_by_device(app, device).await?,
            By::Device(device),
        ),
        None => (
            limits::request(app, from.address).await?,
            By::Stranger(from.address),
        ),
    };
    let asked = Asked {
        to: email,
        by,
        unverified: false,
    };
    let Some(at) = letters::send_at(app, &asked).await? else {
        return Ok(());
    };
    let job = Job::MailPassphraseReset {
        email_key: email.typed_key().to_owned(),
        request,
    };
    let request = request.unwrap_or_default();
    let dedup_key = format!("passphrase reset:{}:{request}", email.key());
    jobs::enqueue_once(app, app.db.pool(), &job, at, dedup_key).await?;
    app.wake.wake();
    Ok(())
}

/// Returns an account's address and the code to mail to it, or `None` if the address has no account. Reuses a code
/// that is still good.
pub async fn reset_code(
    app: &App,
    email_key: &str,
    request: Option<Uuid>,
) -> Result<Option<(String, account_code::Model)>, Fault> {
    transact!(app, |tx| {
        let Some(account) = store::account::find_by_email(tx, email_key).await? else {
            return Ok(Done::Undo(None));
        };
        let purpose = Purpose::ResetPassphrase;
        let newest = store::code::newest_of(tx, account.member_id, purpose, request).await?;
        if let Some(code) = newest.filter(|code| super::still_good(app, code)) {
            Line::of(Event::ResetAsked, account.member_id).write();
            return Ok(Done::Undo(Some((account.email, code))));
        }
        let code = account_code::Model {
            request_id: request,
            ..super::new_code(app, account.member_id, purpose, None)
        };
        store::code::replace(tx, &code).await?;
        tx.log(Line::of(Event::ResetAsked, account.member_id));
        Ok(Done::Keep(Some((account.email, code))))
    })
}

/// The outcome of a reset.
#[derive(Clone)]
pub enum ResetOutcome {
    /// The new passphrase is in force, and every device is signed out. The device that did it counts as known from now
    /// on.
    Done(DeviceKey),
    /// The code is wrong or no longer good.
    WrongCode,
    /// The code is right, but the passphrase is too easy to guess.
    Weak,
}

/// A request to set a new passphrase.
pub struct Reset<'a> {
    /// The address of the account.
    pub email: &'a Email,
    /// The code that was mailed.
    pub code: &'a Code,
    /// The new passphrase.
    pub passphrase: Passphrase,
    /// The id that the app gave to the request that the code was mailed for.
    pub request: Option<Uuid>,
}

enum Replaced {
    Wrong,
    /// The code was used before. The reset is a repetition if the passphrase matches this hash.
    Repeated(String, DeviceKey),
    Done(DeviceKey),
}

/// Sets a new passphrase for a caller who knows the code. An unknown address costs the same work and statements as a
/// wrong code. Idempotent: the same code and passphrase get the same answer.
pub async fn reset_passphrase(app: &App, reset: &Reset<'_>) -> Result<ResetOutcome, Fault> {
    // Check the code before the costly work. A right guess is rolled back and does not count; a wrong one does.
    let is_right = transact!(app, |tx| {
        Ok(match guess(app, tx, reset).await? {
            Some(_) => Done::Undo(true),
            None => Done::Keep(false),
        })
    })?;
    if !is_right {
        return Ok(ResetOutcome::WrongCode);
    }
    let about = [reset.email.as_str()];
    let passphrase = reset.passphrase.clone();
    let Some(passphrase) = app.passphrases.strong_for(passphrase, &about).await? else {
        return Ok(ResetOutcome::Weak);
    };
    let hash = app.passphrases.hash(&app.entropy, &passphrase).await?;
    let replaced = transact!(app, |tx| {
        let Some((account, code)) = guess(app, tx, reset).await? else {
            return Ok(Done::Keep(Replaced::Wrong));
        };
        replace(app, tx, account, &code, &hash).await
    })?;
    match replaced {
        Replaced::Wrong => Ok(ResetOutcome::WrongCode),
        Replaced::Repeated(hash, device_key) => {
            let given = passphrase.passphrase();
            let same = app.passphrases.verify(given, Some(hash)).await?;
            Ok(if same {
                ResetOutcome::Done(device_key)
            } else {
                ResetOutcome::WrongCode
            })
        }
        Replaced::Done(device_key) => Ok(ResetOutcome::Done(device_key)),
    }
}

/// Counts a guess at the code of this request only. Accepts any unused code that was mailed to the member: strangers
/// may have requested some of his letters.
async fn guess(
    app: &App,
    tx: &Tx,
    reset: &Reset<'_>,
) -> Result<Option<(account::Model, account_code::Model)>, Fault> {
    let now = app.clock.now();
    let account = store::account::find_by_email(tx, reset.email.typed_key()).await?;
    let owner = account.as_ref().map_or(NOBODY, |found| found.member_id);
    let codes = store::code::in_time(tx, owner, Purpose::ResetPassphrase, now).await?;
    let of = |request| codes.iter().find(|code| code.request_id == request);
    let own = of(reset.request).or_else(|| of(None)).cloned();
    // Without a code, do the same work with one that was never mailed.
    let own = own.unwrap_or_else(|| super::new_code(app, owner, Purpose::ResetPassphrase, None));
    let guessed = store::code::guess(tx, own.id, now).await?;
    // Compares every code, so that the time does not depend on which one matches.
    let is_right = codes
        .iter()
        .filter(|code| code.used_at.is_none() || code.id == own.id)
        .chain([&own])
        .fold(false, |right, code| {
            right | Code::of(&app.keys, code).is(reset.code)
        });
    Ok(account.zip(guessed).filter(|_| is_right))
}

async fn replace(
    app: &App,
    tx: &Tx,
    account: account::Model,
    code: &account_code::Model,
    hash: &str,
) -> Result<Done<Replaced>, Fault> {
    let (owner, now) = (account.member_id, app.clock.now());
    let device_key = DeviceKey::issue(&app.keys, code.id.0, owner);
    if code.used_at.is_some() {
        let hash = account.passphrase_hash;
        return Ok(Done::Undo(Replaced::Repeated(hash, device_key)));
    }
    let old = &account.passphrase_hash;
    let replaced = store::account::replace_passphrase(tx, owner, old, hash, now).await?;
    if !replaced || !store::code::used(tx, code.id, now).await? {
        return Ok(Done::Undo(Replaced::Wrong));
    }
    store::code::end_open(tx, owner, now).await?;
    let reason = RevokedReason::PassphraseChanged;
    sessions::end(app, tx, owner, SessionFilter::All, reason).await?;
    email_change::drop_waiting(app, tx, owner).await?;
    tx.log(Line::of(Event::ResetDone, owner));
    notices::tell(app, tx, owner, AccountNotice::PassphraseChanged).await?;
    Ok(Done::Keep(Replaced::Done(device_key)))
}
