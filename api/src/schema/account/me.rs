//! The account's part of `me`.

use async_graphql::{Context, Object};
use entity::SessionId;

use super::types::Account;
use super::types::Session;
use crate::account::service;
use crate::graphql::{Context as _, GqlError, GqlResult, Nullable};
use crate::viewer::SignedIn;

/// The account and the devices of the caller.
pub struct AccountMe(SignedIn);

impl AccountMe {
    /// Returns the part of the signed-in member.
    pub const fn of(signed_in: SignedIn) -> Self {
        Self(signed_in)
    }
}

#[Object]
impl AccountMe {
    /// Your account: how you sign in, and what you agreed to.
    async fn account(&self, ctx: &Context<'_>) -> Nullable<Account> {
        let account = service::account(ctx.app(), self.0.member).await;
        Some(match account {
            Ok(Some(account)) => Ok(account.into()),
            Ok(None) => Err(GqlError::NotFound),
            Err(fault) => Err(fault.into()),
        })
    }

    /// The devices on which you are signed in, last used first; at most 100, this device among them.
    async fn sessions(&self, ctx: &Context<'_>) -> Nullable<Vec<Session>> {
        Some(sessions(ctx, self.0).await)
    }
}

/// Loads the caller's open sessions with these ids.
pub async fn load_sessions(
    ctx: &Context<'_>,
    ids: &[SessionId],
) -> GqlResult<Vec<(SessionId, Session)>> {
    let open = service::sessions(ctx.app(), ctx.member()?).await?;
    let wanted = open.into_iter().filter(|session| ids.contains(&session.id));
    Ok(wanted.map(|session| (session.id, session.into())).collect())
}

pub(super) async fn sessions(ctx: &Context<'_>, who: SignedIn) -> GqlResult<Vec<Session>> {
    let sessions = service::sessions(ctx.app(), who).await?;
    Ok(sessions.into_iter().map(Session::from).collect())
}
