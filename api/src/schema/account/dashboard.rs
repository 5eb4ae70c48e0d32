//! Signing the dashboard in: as a device, with its tokens in cookies.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use http::header::SET_COOKIE;
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

/// What signs the dashboard in.
#[derive(InputObject)]
pub struct SignInToDashboardInput {
    /// The e-mail address of the account.
    email: String,
    /// The passphrase.
    passphrase: String,
    /// What the session will be known by in the list of devices, 1 to 64 characters.
    device_name: String,
}

/// The answer to `signInToDashboard`.
#[derive(Default, SimpleObject)]
pub struct SignInToDashboardPayload {
    /// The member; null when there are errors.
    me: Option<Me>,
    /// The session of this browser; null when there are errors.
    session_id: Option<ID>,
    /// When the dashboard is to be refreshed at the latest; null when there are errors.
    access_expires_at: Option<DateTime>,
    /// Why it is not signed in. It does not say which of the two was wrong.
    errors: Vec<AccountError>,
}

/// The answer to `refreshDashboard`.
#[derive(Default, SimpleObject)]
pub struct RefreshDashboardPayload {
    /// The session of this browser; null when there are errors.
    session_id: Option<ID>,
    /// When it is to be refreshed again at the latest; null when there are errors.
    access_expires_at: Option<DateTime>,
    /// Why it is not signed in any more.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct DashboardMutation;

#[Object]
impl DashboardMutation {
    /// Signs a browser in, for the dashboard: the tokens go into cookies that no script can read. It is taken from one
    /// of the configured origins (`http.dashboard_origins`), over HTTP, and with the header `X-Belay-Dashboard`, which every
    /// request of the dashboard carries. `signOut` ends it.
    async fn sign_in_to_dashboard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What signs it in.")] input: SignInToDashboardInput,
    ) -> Nullable<SignInToDashboardPayload> {
        Some(open(ctx, input).await)
    }

    /// Exchanges the dashboard's cookies for new ones, under the same conditions.
    async fn refresh_dashboard(&self, ctx: &Context<'_>) -> Nullable<RefreshDashboardPayload> {
        Some(refresh(ctx).await)
    }
}

fn not_the_dashboard() -> Vec<AccountError> {
    let message = "This is for the dashboard, from its own origin and with its header.";
    refused(Problem::whole(ProblemCode::DashboardOnly, message))
}

fn keep(ctx: &Context<'_>, tokens: &Tokens) {
    for cookie in cookies(tokens, ctx.app().clock.now()) {
        ctx.append_http_header(SET_COOKIE, cookie);
    }
}

/// Takes the cookies back, from a browser that has them.
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
        // It is in a cookie.
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
