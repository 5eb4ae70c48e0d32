//! Signing in and out.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::SessionId;

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

/// What signs a member in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The e-mail address of his account.
    pub email: String,
    /// His passphrase.
    pub passphrase: String,
    /// What he will know this device by, 1 to 64 characters.
    pub device_name: String,
    /// The session's id, of version 7, made by the app: send the same when you try again, and no second
    /// session is opened.
    pub id: Option<Uuid>,
    /// The newest `Credentials.deviceKey` that the device was given for this account, also after it signed out. It
    /// opens nothing; with it the wrong tries of strangers do not keep the device out.
    pub device_key: Option<String>,
}

/// The answer to `signIn`.
#[derive(Default, SimpleObject)]
struct SignInPayload {
    /// What keeps the device signed in; null when there are errors.
    credentials: Option<Credentials>,
    /// The member; null when there are errors. `me.account.deletionDueAt` says whether his account waits
    /// for deletion.
    me: Option<Me>,
    /// Why he is not signed in. It does not say which of the two was wrong.
    errors: Vec<AccountError>,
}

/// What keeps a device signed in.
#[derive(InputObject)]
struct RefreshSessionInput {
    /// The newest refresh token the device has.
    refresh_token: String,
}

/// The answer to `refreshSession`.
#[derive(Default, SimpleObject)]
struct RefreshSessionPayload {
    /// The next tokens, in place of those the device has; null when there are errors.
    credentials: Option<Credentials>,
    /// Why there are none.
    errors: Vec<AccountError>,
}

/// The answer to `signOut`.
#[derive(SimpleObject)]
struct SignOutPayload {
    /// The id of the session that ended; null when there are errors.
    session_id: Option<ID>,
    /// Why it did not end; so far there is no reason.
    errors: Vec<AccountError>,
}

/// Which device is to be signed out.
#[derive(InputObject)]
struct RevokeSessionInput {
    /// The id of the `Session`, from `me.sessions`.
    session_id: ID,
}

/// The answer to `revokeSession`.
#[derive(Default, SimpleObject)]
struct RevokeSessionPayload {
    /// The id of the session that ended; null when there are errors.
    session_id: Option<ID>,
    /// Why it did not end.
    errors: Vec<AccountError>,
}

/// The answer to `signOutEverywhereElse`.
#[derive(SimpleObject)]
struct SignOutEverywhereElsePayload {
    /// What is left: this device's session; null when there are errors.
    sessions: Option<Vec<Session>>,
    /// Why the others did not end; so far there is no reason.
    errors: Vec<AccountError>,
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs this device in. Send an `id`, and the same again when no answer came: it answers
    /// with the same session, as long as that has not been refreshed.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What signs him in.")] input: SignInInput,
    ) -> Nullable<SignInPayload> {
        Some(sign_in_device(ctx, input).await)
    }

    /// Exchanges the refresh token for new tokens. A device that got no answer may send the same token again, however
    /// late, and gets the same successor: until it has used that, or the access token that came with it. A token that
    /// comes back after that was copied: its session ends, and the member is told. Send it without an `Authorization`
    /// header: a request with an access token that has ended is refused whole.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the device has.")] input: RefreshSessionInput,
    ) -> Nullable<RefreshSessionPayload> {
        Some(refresh_session(ctx, input).await)
    }

    /// Signs this device out: its tokens are refused from now on, and no push goes to it. When no answer
    /// came, UNAUTHENTICATED says that it worked.
    async fn sign_out(&self, ctx: &Context<'_>) -> Nullable<SignOutPayload> {
        Some(sign_out(ctx).await)
    }

    /// Signs one of your devices out: everywhere within five seconds.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] input: RevokeSessionInput,
    ) -> Nullable<RevokeSessionPayload> {
        Some(revoke_session(ctx, input).await)
    }

    /// Signs every device out but this one: everywhere within five seconds.
    async fn sign_out_everywhere_else(
        &self,
        ctx: &Context<'_>,
    ) -> Nullable<SignOutEverywhereElsePayload> {
        Some(sign_out_everywhere_else(ctx).await)
    }
}

/// Signs a device in; the tokens, or why not.
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
