//! The types that several mutations answer with.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use entity::account::Role;
use entity::{MemberId, superseded_terms};
use secrecy::ExposeSecret as _;

use crate::account::service::{self, OpenSession, Tokens};
use crate::graphql::scalars::DateTime;
use crate::graphql::{Context as _, GqlError, Nullable};
use crate::node_id::NodeId as _;

/// The role of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Role")]
pub enum AccountRole {
    /// Takes part in circles and meetings.
    Member,
    /// Runs circles and meetings.
    Facilitator,
}

/// The tokens of a signed-in device. Keep them in the system's key store, never in a log.
#[derive(SimpleObject)]
pub struct Credentials {
    /// The access token. Send it in the `Authorization` header, after `Bearer `.
    access_token: String,
    /// When the access token expires. It is refused from then on.
    access_token_expires_at: DateTime,
    /// The refresh token. It is good for one `refreshSession`, which gives the next.
    refresh_token: String,
    /// When the refresh token expires, unless it was exchanged before. This is never after the end of the session.
    /// Then you have to sign in again, however much the device was used.
    refresh_token_expires_at: DateTime,
    /// The session of this device.
    session_id: ID,
    /// The device key. It shows that the device signed in before, and sets it apart from strangers. It opens nothing.
    /// Keep it when the device signs out. Send it as `deviceKey` with the next `signIn` or `requestPassphraseReset`
    /// for this account, and in the header `belay-device-key` of every request without an access token.
    device_key: String,
}

impl From<&Tokens> for Credentials {
    fn from(tokens: &Tokens) -> Self {
        Self {
            access_token: tokens.access.expose_secret().to_owned(),
            access_token_expires_at: DateTime(tokens.access_ends_at),
            refresh_token: tokens.refresh.expose_secret().to_owned(),
            refresh_token_expires_at: DateTime(tokens.refresh_ends_at),
            session_id: tokens.who.session.global(),
            device_key: tokens.device_key.expose_secret().to_owned(),
        }
    }
}

/// A change of your e-mail address that waits to take effect. Until then you sign in with the old address, letters go
/// to it, and it can undo the change.
#[derive(SimpleObject)]
pub struct EmailChange {
    /// The address that your account will have, as you wrote it.
    new_email: String,
    /// When it takes effect.
    takes_effect_at: DateTime,
}

/// Your account: how you sign in, and what you agreed to. Nobody else sees it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Account {
    #[graphql(skip)]
    owner: MemberId,
    /// The address that your mail goes to, as you wrote it.
    email: String,
    /// When you proved that the address is yours.
    email_verified_at: DateTime,
    /// Your role.
    role: AccountRole,
    /// When you stated that you are 18 or over.
    adult_stated_at: DateTime,
    /// The version of the terms you accepted.
    terms_version: String,
    /// When you accepted them.
    terms_accepted_at: DateTime,
    /// When the account will be deleted; null when it will not be. Until then `undoAccountDeletion` keeps it.
    deletion_due_at: Option<DateTime>,
    /// When the account was created.
    created_at: DateTime,
}

#[ComplexObject]
impl Account {
    /// The change of your e-mail address that waits to take effect; null when there is none.
    async fn email_change(&self, ctx: &Context<'_>) -> Nullable<EmailChange> {
        let pending = service::pending_email(ctx.app(), self.owner).await;
        let pending = pending.map_err(GqlError::from).transpose()?;
        Some(pending.map(|pending| EmailChange {
            new_email: pending.email,
            takes_effect_at: DateTime(pending.due_at),
        }))
    }

    /// Whether the terms in force are others than you accepted. If so, show the terms that `Query.installation` names,
    /// and send `acceptTerms` once you agree. Until then everything goes on as before.
    async fn terms_outdated(&self, ctx: &Context<'_>) -> bool {
        self.terms_version != ctx.app().config.auth.terms_version
    }

    /// Every version of the terms that you accepted, the newest first.
    async fn accepted_terms(&self, ctx: &Context<'_>) -> Nullable<Vec<AcceptedTerms>> {
        let before = service::superseded_terms(ctx.app(), self.owner).await;
        let current = AcceptedTerms {
            version: self.terms_version.clone(),
            accepted_at: self.terms_accepted_at,
        };
        let all = before.map(|rows| {
            let before = rows.into_iter().map(AcceptedTerms::from);
            std::iter::once(current).chain(before).collect()
        });
        Some(all.map_err(GqlError::from))
    }
}

/// A version of the terms that you accepted.
#[derive(SimpleObject)]
pub struct AcceptedTerms {
    /// The version.
    version: String,
    /// When you accepted it.
    accepted_at: DateTime,
}

impl From<superseded_terms::Model> for AcceptedTerms {
    fn from(row: superseded_terms::Model) -> Self {
        Self {
            version: row.version,
            accepted_at: DateTime(row.accepted_at),
        }
    }
}

impl From<service::Account> for Account {
    fn from(account: service::Account) -> Self {
        Self {
            owner: account.owner,
            email: account.email,
            email_verified_at: DateTime(account.email_verified_at),
            role: account.role.into(),
            adult_stated_at: DateTime(account.adult_stated_at),
            terms_version: account.terms_version,
            terms_accepted_at: DateTime(account.terms_accepted_at),
            deletion_due_at: account.deletion_due_at.map(DateTime),
            created_at: DateTime(account.created_at),
        }
    }
}

/// A device on which you are signed in.
#[derive(Clone, Debug)]
pub struct Session(OpenSession);

impl From<OpenSession> for Session {
    fn from(session: OpenSession) -> Self {
        Self(session)
    }
}

/// A device on which you are signed in.
#[Object]
impl Session {
    /// The session's id, for `revokeSession`. It stays the same while the session is open.
    pub async fn id(&self) -> ID {
        self.0.id.global()
    }

    /// The name that the device had when it signed in.
    async fn device_name(&self) -> &str {
        &self.0.device_name
    }

    /// When the device signed in.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the device last got new tokens. It may have been in use for some minutes after that.
    async fn last_used_at(&self) -> DateTime {
        DateTime(self.0.last_used_at)
    }

    /// Whether this is the device that sends the request.
    async fn current(&self) -> bool {
        self.0.current
    }
}
