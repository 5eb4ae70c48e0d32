//! A new passphrase for who does not remember his.

use entity::MemberId;
use entity::account_code::Purpose;
use entity::session::RevokedReason;
use uuid::Uuid;

use super::super::code::Code;
use super::super::limits::{self, Admitted, Limited};
use super::super::model::Email;
use super::super::passphrase::Strong;
use super::super::store;
use super::super::store::session::Which;
use super::sessions;
use crate::app::App;
use crate::db::{Done, transact};
use crate::error::Fault;
use crate::jobs::{self, AccountNotice, Job};

/// Has the worker mail a code, when the address has an account; the answer does not tell.
pub async fn request_reset(app: &App, _: Admitted, email: &Email) -> Result<(), Fault> {
    limits::by_account(app, Limited::Code, email.key().as_bytes()).await?;
    let job = Job::MailPassphraseReset {
        email_key: email.key().to_owned(),
    };
    let dedup_key = format!("passphrase reset:{}", email.key());
    jobs::enqueue_once(app, app.db.pool(), &job, app.clock.now(), dedup_key).await?;
    app.wake.wake();
    Ok(())
}

/// The code to mail to an address that asked for one: where to, which, and when it ends. None when the
/// address has no account.
pub async fn reset_code(
    app: &App,
    email_key: &str,
) -> Result<Option<(String, entity::account_code::Model)>, Fault> {
    transact!(app, |tx| {
        let Some(account) = store::account::find_by_email(tx, email_key).await? else {
            return Ok(Done::Undo(None));
        };
        let purpose = Purpose::ResetPassphrase;
        let newest = store::code::newest(tx, account.member_id, purpose).await?;
        if let Some(code) = newest.filter(|code| super::still_good(app, code)) {
            return Ok(Done::Undo(Some((account.email, code))));
        }
        let code = super::new_code(app, account.member_id, purpose, None);
        store::code::replace(tx, &code).await?;
        Ok(Done::Keep(Some((account.email, code))))
    })
}

/// What became of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetOutcome {
    /// The new passphrase is in force, and every device signed out.
    Done,
    /// Another code was mailed, or this one is not good any more.
    WrongCode,
}

enum Reset {
    Wrong,
    /// The code was used before: was it for this?
    Repeated(String),
    Done,
}

/// Puts a new passphrase in place for who knows the code. An unknown address costs the same work and
/// statements as a wrong code. Asked again with the same code and passphrase it answers the same.
pub async fn reset_passphrase(
    app: &App,
    _: Admitted,
    email: &Email,
    code: &Code,
    passphrase: &Strong,
) -> Result<ResetOutcome, Fault> {
    limits::by_account(app, Limited::Code, email.key().as_bytes()).await?;
    let hash = app.passphrases.hash(app, passphrase).await?;
    let now = app.clock.now();
    let nobody = MemberId(Uuid::nil());
    let reset = transact!(app, |tx| {
        let account = store::account::find_by_email(tx, email.key()).await?;
        let owner = account.as_ref().map_or(nobody, |found| found.member_id);
        let newest = store::code::newest(tx, owner, Purpose::ResetPassphrase).await?;
        // Without one, the same is done with a code that nobody was mailed.
        let sought =
            newest.unwrap_or_else(|| super::new_code(app, owner, Purpose::ResetPassphrase, None));
        let id = sought.id;
        let guessed = store::code::guess(tx, id, now).await?;
        let right = Code::of(&app.keys, &sought).is(code);
        let (Some(guessed), Some(account), true) = (guessed, account, right) else {
            return Ok(Done::Keep(Reset::Wrong));
        };
        if guessed.used_at.is_some() {
            return Ok(Done::Undo(Reset::Repeated(account.passphrase_hash)));
        }
        let old = &account.passphrase_hash;
        let replaced = store::account::replace_passphrase(tx, owner, old, &hash, now).await?;
        if !replaced || !store::code::used(tx, id, now).await? {
            return Ok(Done::Undo(Reset::Wrong));
        }
        store::code::end_open(tx, owner, now).await?;
        let reason = RevokedReason::PassphraseChanged;
        sessions::end(app, tx, owner, Which::All, reason).await?;
        sessions::notify(app, tx, owner, AccountNotice::PassphraseChanged).await?;
        Ok(Done::Keep(Reset::Done))
    })?;
    match reset {
        Reset::Wrong => Ok(ResetOutcome::WrongCode),
        Reset::Repeated(hash) => {
            let same = app
                .passphrases
                .verify(passphrase.passphrase(), Some(hash))
                .await?;
            Ok(if same {
                ResetOutcome::Done
            } else {
                ResetOutcome::WrongCode
            })
        }
        Reset::Done => Ok(ResetOutcome::Done),
    }
}
