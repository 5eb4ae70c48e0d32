//! The terms of use, which may change while an account exists.

use entity::{MemberId, superseded_terms};

use super::super::store;
use super::Account;
use crate::app::App;
use crate::error::Fault;
use crate::transact;
use crate::tx::Done;
use crate::viewer::SignedIn;

/// The outcome of accepting the terms.
pub enum AcceptOutcome {
    /// The terms are accepted.
    Accepted(Account),
    /// The account is gone.
    Gone,
}

/// Accepts the version in force. Idempotent: a version that was accepted before keeps its instant.
pub async fn accept_terms(app: &App, who: SignedIn) -> Result<AcceptOutcome, Fault> {
    let now = app.clock.now();
    let version = &app.config.auth.terms_version;
    transact!(app, |tx| {
        let Some(mut account) = store::terms::lock_account(tx, who.member).await? else {
            return Ok(Done::Undo(AcceptOutcome::Gone));
        };
        if account.terms_version == *version {
            return Ok(Done::Undo(AcceptOutcome::Accepted(account.into())));
        }
        store::terms::replace(tx, &account, version, now).await?;
        account.terms_version.clone_from(version);
        account.terms_accepted_at = now;
        Ok(Done::Keep(AcceptOutcome::Accepted(account.into())))
    })
}

/// Returns the versions that a member accepted before the one his account names, newest first.
pub async fn superseded_terms(
    app: &App,
    owner: MemberId,
) -> Result<Vec<superseded_terms::Model>, Fault> {
    store::terms::superseded(app.db.pool(), owner).await
}
