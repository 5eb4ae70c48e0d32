//! Sessions: opening, refreshing and ending them.

use chrono::{DateTime, TimeDelta, Utc};
use entity::session::{self, Model, RevokedReason};
use entity::{MemberId, SessionId};
use sea_orm::ActiveValue::Set;
use secrecy::SecretString;

use super::super::device_key::DeviceKey;
use super::super::model::DeviceName;
use super::super::refresh::{Chain, RefreshToken, TokenState};
use super::super::store::session::{Link, SessionFilter};
use super::super::{store, token};
use super::notices;
use crate::app::App;
use crate::error::Fault;
use crate::fact::Fact;
use crate::jobs::AccountNotice;
use crate::security::{Event, Line};
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::{Access, SignedIn};

/// What a device stores while it is signed in.
pub struct Tokens {
    /// The member and the session.
    pub who: SignedIn,
    /// The access token.
    pub access: SecretString,
    /// When it expires.
    pub access_ends_at: DateTime<Utc>,
    /// The refresh token.
    pub refresh: SecretString,
    /// When it expires.
    pub refresh_ends_at: DateTime<Utc>,
    /// Shows later that the device signed in before.
    pub device_key: SecretString,
}

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// Its id.
    pub id: SessionId,
    /// What its owner calls the device.
    pub device_name: String,
    /// When he signed in.
    pub created_at: DateTime<Utc>,
    /// When it was last used.
    pub last_used_at: DateTime<Utc>,
    /// Whether it is the caller's own session.
    pub current: bool,
}

/// Checks an access token from memory alone: authentic, not expired, and its session not ended. Makes no database
/// query. That the token's generation was used is written to the database later.
pub fn authenticate(app: &App, access_token: &str) -> Option<Access> {
    let access = token::verify(&app.keys, access_token, app.clock.now())
        .filter(|access| !app.revocations.contains(access.who.session))?;
    app.confirmations.add(&access);
    Some(access)
}

/// A session opened at this instant or before has ended, however recently it was used.
fn opened_after(app: &App) -> DateTime<Utc> {
    app.clock.now() - TimeDelta::days(app.config.auth.session_days.into())
}

/// Returns when a session that is used now expires: after the time allowed without use, and at its absolute end at the
/// latest.
fn expires_at(app: &App, created_at: DateTime<Utc>) -> DateTime<Utc> {
    let auth = &app.config.auth;
    let idle = app.clock.now() + TimeDelta::days(auth.refresh_token_days.into());
    idle.min(created_at + TimeDelta::days(auth.session_days.into()))
}

/// Opens a session. Returns its tokens, or `None` if its id was used before.
pub(super) async fn open(
    app: &App,
    tx: &Tx,
    who: SignedIn,
    device: &DeviceName,
) -> Result<Option<Tokens>, Fault> {
    let now = app.clock.now();
    let first = RefreshToken::first(&app.keys, who.member, who.session, now);
    let expires_at = expires_at(app, now);
    let row = session::ActiveModel {
        id: Set(who.session),
        member_id: Set(who.member),
        device_name: Set(device.as_str().to_owned()),
        generation: Set(first.generation),
        secret_hash: Set(first.hash()),
        confirmed_generation: Set(first.generation),
        rotated_at: Set(now),
        created_at: Set(now),
        last_used_at: Set(now),
        expires_at: Set(expires_at),
        revoked_at: Set(None),
        revoked_reason: Set(None),
    };
    if !store::session::insert(tx, row).await? {
        return Ok(None);
    }
    tokens(app, who, &first, expires_at).map(Some)
}

/// Returns the first tokens of a session again, for a repeated request whose answer did not arrive.
pub(super) fn same_tokens(app: &App, session: &Model) -> Result<Tokens, Fault> {
    let who = SignedIn {
        member: session.member_id,
        session: session.id,
    };
    let first = RefreshToken::first(&app.keys, who.member, who.session, session.created_at);
    tokens(app, who, &first, session.expires_at)
}

/// Whether a session is open and was never refreshed: its first tokens may be sent again.
pub(super) fn is_as_new(app: &App, session: &Model) -> bool {
    session.generation == 0 && is_open(app, session)
}

fn is_open(app: &App, session: &Model) -> bool {
    session.revoked_at.is_none()
        && session.expires_at > app.clock.now()
        && session.created_at > opened_after(app)
}

fn tokens(
    app: &App,
    who: SignedIn,
    refresh: &RefreshToken,
    refresh_ends_at: DateTime<Utc>,
) -> Result<Tokens, Fault> {
    let lives = TimeDelta::minutes(app.config.auth.access_token_minutes.into());
    let access_ends_at = refresh_ends_at.min(app.clock.now() + lives);
    let access = token::issue(&app.keys, who, refresh.generation, access_ends_at)?;
    Ok(Tokens {
        who,
        access: access.into(),
        access_ends_at,
        refresh: refresh.text(&app.keys),
        refresh_ends_at,
        device_key: DeviceKey::issue(&app.keys, who.session.0, who.member).text(),
    })
}

/// The outcome of a refresh.
pub enum RefreshOutcome {
    /// New tokens. The refresh token that was sent is used up.
    Refreshed(Tokens),
    /// The token is no longer good, or never was.
    Ended,
}

/// Exchanges a refresh token. The one before the newest gets the same successor again until that was used, and during
/// the grace period in any case, also in concurrent requests. An older one was copied, and ends the session.
pub async fn refresh(app: &App, refresh_token: &str) -> Result<RefreshOutcome, Fault> {
    let Some(sent) = RefreshToken::open(&app.keys, refresh_token) else {
        return Ok(RefreshOutcome::Ended);
    };
    let db = app.db.pool();
    let next = sent.successor(&app.keys);
    // If a concurrent request is first to exchange the newest token, the second round finds that this is no longer the
    // newest.
    for _ in 0..2 {
        let found = store::session::find_sealed(db, sent.session).await?;
        let Some(session) = found.filter(|session| is_open(app, session)) else {
            return Ok(RefreshOutcome::Ended);
        };
        let session = match sent.state(&next, &chain(app, &session)) {
            TokenState::Newest => {
                let expires_at = expires_at(app, session.created_at);
                let (id, now) = (session.id, app.clock.now());
                let rotated =
                    store::session::rotate(db, id, link(&sent), link(&next), now, expires_at);
                match rotated.await? {
                    Some(session) => session,
                    None => continue,
                }
            }
            TokenState::Predecessor => session,
            TokenState::Copied => {
                end_stolen(app, &session).await?;
                return Ok(RefreshOutcome::Ended);
            }
            TokenState::Unknown => return Ok(RefreshOutcome::Ended),
        };
        let who = SignedIn {
            member: session.member_id,
            session: session.id,
        };
        let tokens = tokens(app, who, &next, session.expires_at)?;
        return Ok(RefreshOutcome::Refreshed(tokens));
    }
    Err(Fault::Busy)
}

/// Returns the state of a session's chain, by what the database and this process know.
fn chain<'a>(app: &App, session: &'a Model) -> Chain<'a> {
    let grace = TimeDelta::seconds(app.config.auth.refresh_grace_seconds.into());
    let seen = app.confirmations.newest(session.id).unwrap_or_default();
    Chain {
        generation: session.generation,
        secret_hash: &session.secret_hash,
        confirmed: session.confirmed_generation.max(seen),
        in_grace: app.clock.now() <= session.rotated_at + grace,
    }
}

fn link(token: &RefreshToken) -> Link {
    Link {
        generation: token.generation,
        hash: token.hash(),
    }
}

async fn end_stolen(app: &App, session: &Model) -> Result<(), Fault> {
    transact!(app, |tx| {
        let (owner, filter) = (session.member_id, SessionFilter::Only(session.id));
        if end(app, tx, owner, filter, RevokedReason::Reused).await? {
            tx.log(Line::in_session(Event::RefreshReused, owner, session.id));
            notices::tell(app, tx, owner, AccountNotice::SessionStolen).await?;
        }
        Ok(Done::Keep(()))
    })
}

/// Ends sessions and everything attached to them. Returns whether there were any. After the commit, every process that
/// is reached refuses their access tokens.
pub(super) async fn end(
    app: &App,
    tx: &Tx,
    owner: MemberId,
    filter: SessionFilter,
    reason: RevokedReason,
) -> Result<bool, Fault> {
    let now = app.clock.now();
    let ended = store::session::revoke(tx, owner, filter, reason, now).await?;
    if ended.is_empty() {
        return Ok(false);
    }
    let sessions = &ended;
    app.follow(tx, Fact::SessionsEnded { sessions, reason })
        .await?;
    tx.sessions_ended(&ended, now);
    for session in ended {
        tx.log(Line::in_session(
            Event::SessionEnded(reason),
            owner,
            session,
        ));
    }
    Ok(true)
}

/// Lists the caller's open sessions, last used first. The caller's own session is always among them.
pub async fn sessions(app: &App, who: SignedIn) -> Result<Vec<OpenSession>, Fault> {
    let (db, now) = (app.db.pool(), app.clock.now());
    let open = store::session::open(db, who.member, who.session, opened_after(app), now).await?;
    let shown = open.into_iter().map(|session| OpenSession {
        current: session.id == who.session,
        id: session.id,
        device_name: session.device_name,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
    });
    Ok(shown.collect())
}

/// Signs this device out.
pub async fn sign_out(app: &App, who: SignedIn) -> Result<(), Fault> {
    end_now(
        app,
        who.member,
        SessionFilter::Only(who.session),
        RevokedReason::SignedOut,
    )
    .await
}

/// Signs every other device out.
pub async fn sign_out_elsewhere(app: &App, who: SignedIn) -> Result<(), Fault> {
    let filter = SessionFilter::Except(who.session);
    end_now(app, who.member, filter, RevokedReason::SignedOutElsewhere).await
}

/// Signs one of the caller's devices out. Returns `false` if the session is not his.
pub async fn revoke(app: &App, who: SignedIn, session: SessionId) -> Result<bool, Fault> {
    if store::session::find(app.db.pool(), who.member, session)
        .await?
        .is_none()
    {
        return Ok(false);
    }
    let reason = if session == who.session {
        RevokedReason::SignedOut
    } else {
        RevokedReason::SignedOutElsewhere
    };
    end_now(app, who.member, SessionFilter::Only(session), reason).await?;
    Ok(true)
}

async fn end_now(
    app: &App,
    owner: MemberId,
    filter: SessionFilter,
    reason: RevokedReason,
) -> Result<(), Fault> {
    transact!(app, |tx| {
        end(app, tx, owner, filter, reason).await?;
        Ok(Done::Keep(()))
    })
}
