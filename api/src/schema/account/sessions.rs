//! Signing in and out.

use async_graphql::{Context, ID, InputObject, Object};
use entity::SessionId;
use macros::payload;

use super::conflict;
use super::dashboard::forget;
use super::me;
use super::refused;
use super::refused_all;
use super::requester;
use super::types::Credentials;
use super::types::Session;
use crate::account::model::{DeviceName, Email};
use crate::account::service::{self, RefreshOutcome, SignInOutcome, Tokens};
use crate::graphql::errors::AccountError;
use crate::graphql::scalars::Uuid;
use crate::graphql::{Context as _, GqlResult, Nullable};
use crate::node_id::NodeId as _;
use crate::passphrase::Passphrase;
use crate::problem::{Problem, ProblemCode, Problems};
use crate::schema::Me;

/// The credentials that sign you in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The e-mail address of your account.
    pub email: String,
    /// Your passphrase.
    pub passphrase: String,
    /// Your name for this device, 1 to 64 characters.
    pub device_name: String,
    /// The session's id: a UUID of version 7 that the app creates. Send the same when you try again, and no second
    /// session is opened.
    pub id: Option<Uuid>,
    /// The newest `Credentials.deviceKey` that the device got for this account. Keep it also after signing out. It
    /// opens nothing, but with it the wrong tries of strangers do not lock the device out.
    pub device_key: Option<String>,
}

/// The answer to `signIn`.
#[payload(CONFLICT, INVALID, REQUIRED, TOO_LONG, WRONG_CREDENTIALS)]
struct SignInPayload {
    /// The tokens that keep the device signed in; null when there are errors.
    credentials: Option<Credentials>,
    /// You; null when there are errors. `me.account.deletionDueAt` says whether your account waits for deletion.
    me: Option<Me>,
    /// Why you are not signed in. The errors do not say whether the address or the passphrase was wrong.
    errors: Vec<AccountError>,
}

/// The token that keeps a device signed in.
#[derive(InputObject)]
struct RefreshSessionInput {
    /// The newest refresh token that the device has.
    refresh_token: String,
}

/// The answer to `refreshSession`.
#[payload(SESSION_ENDED)]
struct RefreshSessionPayload {
    /// The next tokens, which replace those the device has; null when there are errors.
    credentials: Option<Credentials>,
    /// Why there are no new tokens.
    errors: Vec<AccountError>,
}

/// The answer to `signOut`.
#[payload()]
struct SignOutPayload {
    /// The id of the session that ended; null when there are errors.
    session_id: Option<ID>,
    /// Why the session did not end. There is no reason so far.
    errors: Vec<AccountError>,
}

/// The device to sign out.
#[derive(InputObject)]
struct RevokeSessionInput {
    /// The id of the `Session`, from `me.sessions`.
    session_id: ID,
}

/// The answer to `revokeSession`.
#[payload(NOT_FOUND)]
struct RevokeSessionPayload {
    /// The id of the session that ended; null when there are errors.
    session_id: Option<ID>,
    /// Why the session did not end.
    errors: Vec<AccountError>,
}

/// The answer to `signOutEverywhereElse`.
#[payload()]
struct SignOutEverywhereElsePayload {
    /// The sessions that are left: this device's alone; null when there are errors.
    sessions: Option<Vec<Session>>,
    /// Why the other sessions did not end. There is no reason so far.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs this device in. Send an `id`, and send the same again if no answer came: the answer is then the same
    /// session, as long as it has not been refreshed.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The credentials that sign you in.")] input: SignInInput,
    ) -> Nullable<SignInPayload> {
        Some(sign_in_device(ctx, input).await)
    }

    /// Exchanges the refresh token for new tokens. A device that got no answer may send the same token again, however
    /// late. It gets the same new tokens until it has used one of them. A token that comes back after that was copied:
    /// its session ends, and you are notified. Send it without an `Authorization` header: a request with an expired
    /// access token is refused as a whole.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token that keeps the device signed in.")] input: RefreshSessionInput,
    ) -> Nullable<RefreshSessionPayload> {
        Some(refresh_session(ctx, input).await)
    }

    /// Signs this device out: its tokens are refused from now on, and no push goes to it. If no answer came, send it
    /// again: `UNAUTHENTICATED` then says that it worked.
    async fn sign_out(&self, ctx: &Context<'_>) -> Nullable<SignOutPayload> {
        Some(sign_out(ctx).await)
    }

    /// Signs one of your devices out. It takes effect everywhere within five seconds.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session to end.")] input: RevokeSessionInput,
    ) -> Nullable<RevokeSessionPayload> {
        Some(revoke_session(ctx, input).await)
    }

    /// Signs out every device but this one. It takes effect everywhere within five seconds.
    async fn sign_out_everywhere_else(
        &self,
        ctx: &Context<'_>,
    ) -> Nullable<SignOutEverywhereElsePayload> {
        Some(sign_out_everywhere_else(ctx).await)
    }
}

/// Signs a device in. Returns its tokens, or the errors to answer with.
pub async fn sign_in(
    ctx: &Context<'_>,
    input: SignInInput,
) -> GqlResult<Result<Tokens, Vec<AccountError>>> {
    let app = ctx.app();
    let from = requester(ctx, input.device_key);
    let mut problems = Problems::default();
    let session = input.id.map(|id| id.made_by_app("id"));
    let parsed = (
        problems.check(Email::parse("email", &input.email)),
        problems.check(Passphrase::given("passphrase", input.passphrase)),
        problems.check(DeviceName::parse("deviceName", &input.device_name)),
        problems.check(session.transpose()),
    );
    let (Some(email), Some(passphrase), Some(device), Some(session)) = parsed else {
        return Ok(Err(refused_all(problems)));
    };
    let outcome = service::sign_in(app, &from, &email, &passphrase, &device, session).await?;
    Ok(match outcome {
        SignInOutcome::SignedIn(tokens) => {
            ctx.signed_in(tokens.who);
            Ok(tokens)
        }
        SignInOutcome::WrongCredentials => {
            let message = "The e-mail address and the passphrase do not belong together.";
            Err(refused(Problem::whole(
                ProblemCode::WrongCredentials,
                message,
            )))
        }
        SignInOutcome::Conflict => Err(conflict("id")),
    })
}

async fn sign_in_device(ctx: &Context<'_>, input: SignInInput) -> GqlResult<SignInPayload> {
    Ok(match sign_in(ctx, input).await? {
        Ok(tokens) => SignInPayload {
            credentials: Some(Credentials::from(&tokens)),
            me: Some(Me::of(tokens.who)),
            errors: Vec::new(),
        },
        Err(errors) => SignInPayload {
            errors,
            ..SignInPayload::default()
        },
    })
}

async fn refresh_session(
    ctx: &Context<'_>,
    input: RefreshSessionInput,
) -> GqlResult<RefreshSessionPayload> {
    Ok(
        match service::refresh(ctx.app(), &input.refresh_token).await? {
            RefreshOutcome::Refreshed(tokens) => RefreshSessionPayload {
                credentials: Some(Credentials::from(&tokens)),
                errors: Vec::new(),
            },
            RefreshOutcome::Ended => {
                let message = "This device is not signed in any more: sign in again.";
                let problem = Problem::field("refreshToken", ProblemCode::SessionEnded, message);
                RefreshSessionPayload {
                    credentials: None,
                    errors: refused(problem),
                }
            }
        },
    )
}

async fn sign_out(ctx: &Context<'_>) -> GqlResult<SignOutPayload> {
    let who = ctx.member()?;
    service::sign_out(ctx.app(), who).await?;
    forget(ctx);
    Ok(SignOutPayload {
        session_id: Some(who.session.global()),
        errors: Vec::new(),
    })
}

async fn revoke_session(
    ctx: &Context<'_>,
    input: RevokeSessionInput,
) -> GqlResult<RevokeSessionPayload> {
    let who = ctx.member()?;
    let ended = match SessionId::from_global(&input.session_id) {
        Some(session) => service::revoke(ctx.app(), who, session).await?,
        None => false,
    };
    if ended {
        return Ok(RevokeSessionPayload {
            session_id: Some(input.session_id),
            errors: Vec::new(),
        });
    }
    let message = "You have no such session.";
    Ok(RevokeSessionPayload {
        session_id: None,
        errors: refused(Problem::field("sessionId", ProblemCode::NotFound, message)),
    })
}

async fn sign_out_everywhere_else(ctx: &Context<'_>) -> GqlResult<SignOutEverywhereElsePayload> {
    let who = ctx.member()?;
    service::sign_out_elsewhere(ctx.app(), who).await?;
    Ok(SignOutEverywhereElsePayload {
        sessions: Some(me::sessions(ctx, who).await?),
        errors: Vec::new(),
    })
}
