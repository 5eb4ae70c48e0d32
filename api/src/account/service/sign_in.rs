//! Signing in.

use entity::{MemberId, SessionId};
use uuid::Uuid;

use super::super::limits::{self, Requester};
use super::super::model::{DeviceName, Email};
use super::super::store;
use super::notices;
use super::sessions::{self, Tokens};
use crate::app::App;
use crate::error::Fault;
use crate::jobs::AccountNotice;
use crate::passphrase::Passphrase;
use crate::security::{Event, Line};
use crate::transact;
use crate::tx::Done;
use crate::viewer::SignedIn;

/// The outcome of signing in.
pub enum SignInOutcome {
    /// The member is signed in.
    SignedIn(Tokens),
    /// No account has this address, or the passphrase is wrong.
    WrongCredentials,
    /// The session's id was already used for something else.
    Conflict,
}

/// Opens a session for a caller who knows the passphrase. An unknown address costs the same work and statements as a
/// wrong passphrase. The member is notified of each new session. Idempotent: until the session is refreshed, the same
/// session id gets the same session.
pub async fn sign_in(
    app: &App,
    from: &Requester,
    email: &Email,
    passphrase: &Passphrase,
    device: &DeviceName,
    session: Option<SessionId>,
) -> Result<SignInOutcome, Fault> {
    let account = store::account::find_by_email(app.db.pool(), email.typed_key()).await?;
    let nobody = MemberId(Uuid::nil());
    let member = account.as_ref().map_or(nobody, |found| found.member_id);
    let counted = limits::sign_in(app, from, email, member).await?;
    let hash = account.as_ref().map(|found| found.passphrase_hash.clone());
    let right = app.passphrases.verify(passphrase, hash).await?;
    let known = account.as_ref().map(|account| account.member_id);
    let Some(account) = account.filter(|_| right) else {
        Line::perhaps_of(Event::SignInFailed, known).write();
        return Ok(SignInOutcome::WrongCredentials);
    };
    counted.give_back(app).await?;
    let who = SignedIn {
        member: account.member_id,
        session: session.unwrap_or_else(|| app.ids.next()),
    };
    transact!(app, |tx| {
        // A concurrent change of passphrase ends every session. The lock keeps it from missing this one.
        let held =
            store::account::lock_passphrase(tx, who.member, &account.passphrase_hash).await?;
        if !held {
            return Ok(Done::Undo(SignInOutcome::WrongCredentials));
        }
        if let Some(tokens) = sessions::open(app, tx, who, device).await? {
            limits::got_in(app, tx, from.address, who.member).await?;
            tx.log(Line::in_session(Event::SignedIn, who.member, who.session));
            notices::tell(app, tx, who.member, AccountNotice::SignedIn).await?;
            return Ok(Done::Keep(SignInOutcome::SignedIn(tokens)));
        }
        let before = store::session::find(tx, who.member, who.session).await?;
        let before = before.filter(|before| {
            sessions::is_as_new(app, before) && before.device_name == device.as_str()
        });
        Ok(Done::Undo(match before {
            Some(before) => SignInOutcome::SignedIn(sessions::same_tokens(app, &before)?),
            None => SignInOutcome::Conflict,
        }))
    })
}
