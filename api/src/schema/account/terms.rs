//! Accepting newer terms.

use async_graphql::{Context, InputObject, Object};
use macros::payload;

use super::refused_all;
use super::types::Account;
use crate::account::model;
use crate::account::service::{self, AcceptOutcome};
use crate::graphql::errors::AccountError;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::problem::Problems;

/// The terms you accept.
#[derive(InputObject)]
struct AcceptTermsInput {
    /// The version you were shown. `Query.installation` names the version in force.
    version: String,
}

/// The answer to `acceptTerms`.
#[payload(TERMS_OUTDATED)]
struct AcceptTermsPayload {
    /// Your account, with the terms you accepted; null when there are errors.
    account: Option<Account>,
    /// Why the terms were not accepted: `TERMS_OUTDATED` when there are newer ones.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct TermsMutation;

#[Object]
impl TermsMutation {
    /// Accepts the terms in force, and records when. Sent again, it answers the same.
    async fn accept_terms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The terms you accept.")] input: AcceptTermsInput,
    ) -> Nullable<AcceptTermsPayload> {
        Some(accept(ctx, &input).await)
    }
}

async fn accept(ctx: &Context<'_>, input: &AcceptTermsInput) -> GqlResult<AcceptTermsPayload> {
    let who = ctx.member()?;
    let app = ctx.app();
    let mut problems = Problems::default();
    let in_force = &app.config.auth.terms_version;
    problems.check(model::terms("version", &input.version, in_force));
    if !problems.is_empty() {
        return Ok(AcceptTermsPayload {
            account: None,
            errors: refused_all(problems),
        });
    }
    match service::accept_terms(app, who).await? {
        AcceptOutcome::Accepted(account) => Ok(AcceptTermsPayload {
            account: Some(account.into()),
            errors: Vec::new(),
        }),
        AcceptOutcome::Gone => Err(GqlError::NotFound),
    }
}
