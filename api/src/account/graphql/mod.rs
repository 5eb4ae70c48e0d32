//! Accounts, as apps see them.

mod dashboard;
mod deletion;
mod email;
mod me;
mod passphrase;
mod sessions;
mod sign_up;
mod types;

use async_graphql::{Context, MergedObject};

pub use me::AccountMe;

use super::model::Passphrase;
use super::passphrase::Strong;
use super::{SignedIn, service};
use crate::app::App;
use crate::graphql::errors::{AccountError, user_errors};
use crate::graphql::{Context as _, GqlError, GqlResult};
use crate::problem::{Problem, ProblemCode, Problems};

/// Everything about accounts that can be changed.
#[derive(Default, MergedObject)]
pub struct AccountMutation(
    sign_up::SignUpMutation,
    sessions::SessionMutation,
    dashboard::DashboardMutation,
    passphrase::PassphraseMutation,
    email::EmailMutation,
    deletion::DeletionMutation,
);

/// The member who asks, when he runs circles and meetings; FORBIDDEN for any other.
pub async fn facilitator(ctx: &Context<'_>) -> GqlResult<SignedIn> {
    let who = ctx.member()?;
    if service::is_facilitator(ctx.app().db.pool(), who.member).await? {
        Ok(who)
    } else {
        Err(GqlError::Forbidden)
    }
}

/// Takes a new passphrase that would not be guessed soon by who knows `about` its owner.
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
    // An address is several words to who knows it.
    let about = about
        .iter()
        .flat_map(|text| text.split(['@', '.']).chain([*text]))
        .chain(["belay"])
        .filter(|word| word.chars().count() > 2)
        // What was sent may be no address at all, and of any length.
        .take(16)
        .map(|word| word.chars().take(64).collect())
        .collect();
    let strong = app.passphrases.strong(passphrase, about).await?;
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
    let message = "This code is not good, or not any more. Ask for a new one.";
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
