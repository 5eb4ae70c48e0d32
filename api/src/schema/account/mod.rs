//! Accounts in the schema.

mod dashboard;
mod deletion;
mod email;
mod me;
mod passphrase;
mod sessions;
mod sign_up;
mod terms;
mod types;

use async_graphql::{Context, MergedObject};

pub use me::{AccountMe, load_sessions};
pub use types::Session;

use crate::account::dashboard::Dashboard;
use crate::account::limits::Requester;
use crate::account::{device_key, service};
use crate::app::App;
use crate::graphql::errors::{AccountError, user_errors};
use crate::graphql::{Context as _, GqlError, GqlResult};
use crate::passphrase::{Passphrase, Strong};
use crate::problem::{Problem, ProblemCode, Problems};
use crate::viewer::SignedIn;

/// The mutations of accounts.
#[derive(Default, MergedObject)]
pub struct AccountMutation(
    sign_up::SignUpMutation,
    sessions::SessionMutation,
    dashboard::DashboardMutation,
    passphrase::PassphraseMutation,
    email::EmailMutation,
    deletion::DeletionMutation,
    terms::TermsMutation,
);

/// Returns the caller who is not signed in: his address and his device key. The dashboard's browser has its key in a
/// cookie.
fn requester(ctx: &Context<'_>, device_key: Option<String>) -> Requester {
    let cookie = || ctx.data_opt::<Dashboard>()?.device.clone();
    let text = device_key.map(Into::into).or_else(cookie);
    Requester {
        address: ctx.client_address(),
        device_key: device_key::given(text.as_ref()),
    }
}

/// Returns the caller if he may run circles and meetings, and `FORBIDDEN` for any other.
pub async fn facilitator(ctx: &Context<'_>) -> GqlResult<SignedIn> {
    let who = ctx.member()?;
    if service::is_facilitator(ctx.app().db.pool(), who.member).await? {
        Ok(who)
    } else {
        Err(GqlError::Forbidden)
    }
}

/// Checks a new passphrase: somebody who knows `about` its owner must not guess it soon.
async fn strong(
    app: &App,
    problems: &mut Problems,
    field: &str,
    passphrase: Option<Passphrase>,
    about: &[&str],
) -> GqlResult<Option<Strong>> {
    let Some(passphrase) = passphrase else {
        return Ok(None);
    };
    let strong = app.passphrases.strong_for(passphrase, about).await?;
    if strong.is_none() {
        problems.push(Passphrase::weak(field));
    }
    Ok(strong)
}

fn refused(problem: Problem) -> Vec<AccountError> {
    user_errors(vec![problem])
}

fn refused_all(problems: Problems) -> Vec<AccountError> {
    user_errors(problems.into_vec())
}

fn wrong_code() -> Vec<AccountError> {
    let message = "This code is wrong or no longer valid. Ask for a new one.";
    refused(Problem::field("code", ProblemCode::WrongCode, message))
}

fn wrong_passphrase(field: &str) -> Vec<AccountError> {
    let message = "That is not your passphrase.";
    refused(Problem::field(
        field,
        ProblemCode::WrongCredentials,
        message,
    ))
}

fn conflict(field: &str) -> Vec<AccountError> {
    let message = "This id was sent before with another content: make a new one.";
    refused(Problem::field(field, ProblemCode::Conflict, message))
}
