//! The use cases of accounts.

mod credentials;
mod deletion;
mod email_change;
mod notices;
mod reset;
mod restore;
mod roles;
mod sessions;
mod sign_in;
mod sign_up;
mod terms;

use chrono::{DateTime, TimeDelta, Utc};
use entity::account::{Model, Role};
use entity::{MemberId, account_code};

pub use credentials::{ChangeOutcome, change_passphrase};
pub use deletion::{DeleteOutcome, UndoOutcome, delete, purge, undo_deletion};
pub use email_change::{
    ConfirmOutcome, RequestOutcome, UndoEmailOutcome, apply_email_change, cancel_email_change,
    confirm_email_change, pending_email, request_email_change, undo_email_change,
};
pub use reset::{Reset, ResetOutcome, request_reset, reset_code, reset_passphrase};
pub use restore::{Restored, restore};
pub use roles::{SetRoleOutcome, is_facilitator, lock_role, may_facilitate, role, set_role};
pub use sessions::authenticate;
pub use sessions::{
    OpenSession, RefreshOutcome, Tokens, refresh, revoke, sessions, sign_out, sign_out_elsewhere,
};
pub use sign_in::{SignInOutcome, sign_in};
pub use sign_up::{NewSignUp, SignUpOutcome, VerifyOutcome, sign_up, verify_email};
pub use terms::{AcceptOutcome, accept_terms, superseded_terms};

use super::code::GUESSES;
use super::store;
use crate::app::App;
use crate::error::Fault;
use crate::jobs::AccountNotice;
use crate::security::{Event, Line};
use crate::tx::Tx;

/// A member's account, as he sees it.
#[derive(Clone)]
pub struct Account {
    /// The account's owner.
    pub owner: MemberId,
    /// The address that his mail goes to.
    pub email: String,
    /// His role.
    pub role: Role,
    /// When he proved that the address is his.
    pub email_verified_at: DateTime<Utc>,
    /// When he stated that he is 18 or over.
    pub adult_stated_at: DateTime<Utc>,
    /// The terms he accepted.
    pub terms_version: String,
    /// When he accepted them.
    pub terms_accepted_at: DateTime<Utc>,
    /// When the account will be deleted; `None` if it is not marked for deletion.
    pub deletion_due_at: Option<DateTime<Utc>>,
    /// When the account was created.
    pub created_at: DateTime<Utc>,
}

impl From<Model> for Account {
    fn from(account: Model) -> Self {
        Self {
            owner: account.member_id,
            email: account.email,
            role: account.role,
            email_verified_at: account.email_verified_at,
            adult_stated_at: account.adult_stated_at,
            terms_version: account.terms_version,
            terms_accepted_at: account.terms_accepted_at,
            deletion_due_at: account.deletion_due_at,
            created_at: account.created_at,
        }
    }
}

/// Notifies a member that another member has registered one of his push addresses.
pub async fn push_address_taken(app: &App, tx: &Tx, member: MemberId) -> Result<(), Fault> {
    tx.log(Line::of(Event::PushAddressTaken, member));
    notices::once_a_day(app, tx, member, AccountNotice::PushAddressTaken).await
}

/// Returns a member's account, or `None` if it is gone.
pub async fn account(app: &App, owner: MemberId) -> Result<Option<Account>, Fault> {
    let account = store::account::find(app.db.pool(), owner).await?;
    Ok(account.map(Account::from))
}

/// How long a code is good.
fn code_life(app: &App) -> TimeDelta {
    TimeDelta::minutes(app.config.auth.code_minutes.into())
}

/// Builds a code that is created now, without storing it.
fn new_code(
    app: &App,
    owner: MemberId,
    purpose: account_code::Purpose,
    new_email: Option<String>,
) -> account_code::Model {
    let now = app.clock.now();
    account_code::Model {
        id: app.ids.next(),
        member_id: owner,
        purpose,
        new_email,
        request_id: None,
        attempts: 0,
        created_at: now,
        expires_at: now + code_life(app),
        used_at: None,
    }
}

/// Whether a repeated request can mail a code again: it is unused, has guesses left, and is good for at least half its
/// life. Two letters then carry the same code, and either works.
fn still_good(app: &App, code: &account_code::Model) -> bool {
    code.used_at.is_none()
        && code.attempts < GUESSES
        && code.expires_at - app.clock.now() >= code_life(app) / 2
}
