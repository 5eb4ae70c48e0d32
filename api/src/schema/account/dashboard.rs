//! Signing the dashboard in. It is a device whose tokens are in cookies.

use async_graphql::{Context, ID, InputObject, Object};
use http::header::SET_COOKIE;
use macros::payload;
use secrecy::ExposeSecret as _;

use super::refused;
use super::sessions::SignInInput;
use super::sessions::sign_in;
use crate::account::dashboard::{Dashboard, cookies, no_cookies};
use crate::account::service::{self, RefreshOutcome, Tokens};
use crate::graphql::errors::AccountError;
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::problem::{Problem, ProblemCode};
use crate::schema::Me;

/// The credentials that sign the dashboard in.
#[derive(InputObject)]
pub struct SignInToDashboardInput {
    /// The e-mail address of the account.
    email: String,
    /// The passphrase.
    passphrase: String,
    /// The session's name in the list of devices, 1 to 64 characters.
    device_name: String,
}

/// The answer to `signInToDashboard`.
#[payload(
    CONFLICT,
    DASHBOARD_ONLY,
    INVALID,
    REQUIRED,
    TOO_LONG,
    WRONG_CREDENTIALS
)]
pub struct SignInToDashboardPayload {
    /// You; null when there are errors.
    me: Option<Me>,
    /// The session of this browser; null when there are errors.
    session_id: Option<ID>,
    /// When the access token expires. Send `refreshDashboard` before; null when there are errors.
    access_expires_at: Option<DateTime>,
    /// Why the dashboard was not signed in. The errors do not say whether the address or the passphrase was wrong.
    errors: Vec<AccountError>,
}

/// The answer to `refreshDashboard`.
#[payload(DASHBOARD_ONLY, SESSION_ENDED)]
pub struct RefreshDashboardPayload {
    /// The session of this browser; null when there are errors.
    session_id: Option<ID>,
    /// When the access token expires. Send `refreshDashboard` again before; null when there are errors.
    access_expires_at: Option<DateTime>,
    /// Why the dashboard is no longer signed in.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct DashboardMutation;

#[Object]
impl DashboardMutation {
    /// Signs the dashboard in, in a browser. The tokens go into cookies that no script can read. The request must come
    /// over HTTP from a configured origin (`http.dashboard_origins`), with the header `X-Belay-Dashboard`, which every
    /// request of the dashboard carries. `signOut` signs the dashboard out.
    async fn sign_in_to_dashboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The credentials that sign the dashboard in.")]
        input: SignInToDashboardInput,
    ) -> Nullable<SignInToDashboardPayload> {
        Some(open(ctx, input).await)
    }

    /// Exchanges the dashboard's cookies for new ones. The conditions of `signInToDashboard` apply.
    async fn refresh_dashboard(&self, ctx: &Context<'_>) -> Nullable<RefreshDashboardPayload> {
        Some(refresh(ctx).await)
    }
}

fn not_the_dashboard() -> Vec<AccountError> {
    let message = "Only the dashboard can send this, from its own origin and with its header.";
    refused(Problem::whole(ProblemCode::DashboardOnly, message))
}

fn keep(ctx: &Context<'_>, tokens: &Tokens) {
    for cookie in cookies(tokens, ctx.app().clock.now()) {
        ctx.append_http_header(SET_COOKIE, cookie);
    }
}

/// Removes the cookies from the dashboard's browser.
pub fn forget(ctx: &Context<'_>) {
    if ctx.data_opt::<Dashboard>().is_some() {
        for cookie in no_cookies() {
            ctx.append_http_header(SET_COOKIE, cookie);
        }
    }
}

async fn open(
    ctx: &Context<'_>,
    input: SignInToDashboardInput,
) -> GqlResult<SignInToDashboardPayload> {
    if ctx.data_opt::<Dashboard>().is_none() {
        return Ok(SignInToDashboardPayload {
            errors: not_the_dashboard(),
            ..SignInToDashboardPayload::default()
        });
    }
    let input = SignInInput {
        email: input.email,
        passphrase: input.passphrase,
        device_name: input.device_name,
        id: None,
        // The dashboard's device key is in a cookie.
        device_key: None,
    };
    Ok(match sign_in(ctx, input).await? {
        Ok(tokens) => {
            keep(ctx, &tokens);
            SignInToDashboardPayload {
                me: Some(Me::of(tokens.who)),
                session_id: Some(tokens.who.session.global()),
                access_expires_at: Some(DateTime(tokens.access_ends_at)),
                errors: Vec::new(),
            }
        }
        Err(errors) => SignInToDashboardPayload {
            errors,
            ..SignInToDashboardPayload::default()
        },
    })
}

async fn refresh(ctx: &Context<'_>) -> GqlResult<RefreshDashboardPayload> {
    let refused_with = |errors| RefreshDashboardPayload {
        errors,
        ..RefreshDashboardPayload::default()
    };
    let Some(dashboard) = ctx.data_opt::<Dashboard>() else {
        return Ok(refused_with(not_the_dashboard()));
    };
    let outcome = match &dashboard.refresh {
        Some(token) => service::refresh(ctx.app(), token.expose_secret()).await?,
        None => RefreshOutcome::Ended,
    };
    Ok(match outcome {
        RefreshOutcome::Refreshed(tokens) => {
            keep(ctx, &tokens);
            RefreshDashboardPayload {
                session_id: Some(tokens.who.session.global()),
                access_expires_at: Some(DateTime(tokens.access_ends_at)),
                errors: Vec::new(),
            }
        }
        RefreshOutcome::Ended => {
            forget(ctx);
            let message = "This browser is not signed in any more: sign in again.";
            let problem = Problem::whole(ProblemCode::SessionEnded, message);
            refused_with(refused(problem))
        }
    })
}
