//! Signing up, and proving the address.
//!
//! A sign-up with the address of an account is taken like any other: the same answer, statements and
//! work. Which it was is found out by the worker, and told to the address alone. The handle is not
//! kept for him meanwhile, or it would tell.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use entity::account::Role;
use entity::{MemberId, SessionId, SignUpId, account, pending_sign_up};
use sea_orm::ActiveValue::Set;

use super::super::code::Code;
use super::super::limits;
use super::super::limits::letters::{self, Asked, By};
use super::super::model::{DeviceName, Email};
use super::super::store;
use super::sessions::{self, Tokens};
use crate::app::App;
use crate::db::{Done, Tx, transact};
use crate::error::Fault;
use crate::jobs::{self, Job};
use crate::keys::Purpose;
use crate::locale::{Country, Language};
use crate::passphrase::Strong;
use crate::profile::service::NewMember;
use crate::profile::{self, Handle};
use crate::viewer::SignedIn;
use crate::zones::Zone;

/// What a man who signs up tells.
pub struct NewSignUp {
    pub id: SignUpId,
    pub email: Email,
    pub passphrase: Strong,
    pub handle: Handle,
    pub time_zone: Zone,
    pub country: Country,
    pub locale: Language,
}

/// What became of a sign-up.
pub enum SignUpOutcome {
    /// A letter is on its way; a code in it is good until then.
    Accepted(DateTime<Utc>),
    /// The id was sent before with another content.
    Conflict,
}

/// Takes a sign-up.
pub async fn sign_up(
    app: &App,
    _: limits::Counted,
    from: IpAddr,
    new: &NewSignUp,
) -> Result<SignUpOutcome, Fault> {
    // Sent again, it asks for no letter.
    if let Some(before) = store::sign_up::find(app.db.pool(), new.id).await? {
        return repeated(app, new, before).await;
    }
    let asked = Asked {
        to: &new.email,
        by: By::Stranger(from),
        unverified: true,
    };
    let send_at = letters::send_at(app, &asked).await?;
    let hash = app.passphrases.hash(&app.entropy, &new.passphrase).await?;
    let now = app.clock.now();
    let expires_at = send_at.unwrap_or(now) + super::code_life(app);
    let job = Job::MailSignUp { sign_up: new.id };
    let address = address_mac(app, new);
    let made = transact!(app, |tx| {
        let made = store::sign_up::insert(tx, row(app, new, &hash, now, expires_at)).await?;
        if !made {
            return Ok(Done::Undo(Made::Before));
        }
        if !store::sign_up::remember_id(tx, new.id, &address, now).await? {
            return Ok(Done::Undo(Made::ForAnother));
        }
        if let Some(at) = send_at {
            jobs::enqueue(app, tx, &job, at).await?;
            tx.wake();
        }
        Ok(Done::Keep(Made::Now))
    })?;
    match made {
        Made::Now => Ok(SignUpOutcome::Accepted(told(app, now))),
        Made::Before => match store::sign_up::find(app.db.pool(), new.id).await? {
            Some(before) => repeated(app, new, before).await,
            // Removed between the two statements: it had expired.
            None => Ok(SignUpOutcome::Conflict),
        },
        Made::ForAnother => Ok(SignUpOutcome::Conflict),
    }
}

/// Until when a code is good, as far as it is told: a letter that waits has a code that is good for longer, and how
/// long it waits depends on what others asked for.
fn told(app: &App, made_at: DateTime<Utc>) -> DateTime<Utc> {
    made_at + super::code_life(app)
}

/// When a sign-up was made.
enum Made {
    Now,
    /// Its id waits for its code already.
    Before,
    /// Its id was used for another address once.
    ForAnother,
}

/// What is remembered of an address when its sign-up is gone: nobody who reads it learns which it was.
fn address_mac(app: &App, new: &NewSignUp) -> [u8; 32] {
    let parts: [&[u8]; 3] = [
        b"address of a sign-up",
        new.id.0.as_bytes(),
        new.email.key().as_bytes(),
    ];
    app.keys.mac(Purpose::Code, &parts)
}

/// The id was sent before: the same answer, when it was the same sign-up.
async fn repeated(
    app: &App,
    new: &NewSignUp,
    before: pending_sign_up::Model,
) -> Result<SignUpOutcome, Fault> {
    let expires_at = told(app, before.created_at);
    let same = before.email == new.email.as_str()
        && before.handle == new.handle.as_str()
        && before.time_zone == new.time_zone.name()
        && before.country == new.country.code()
        && before.locale == new.locale.tag()
        && app
            .passphrases
            .verify(new.passphrase.passphrase(), Some(before.passphrase_hash))
            .await?;
    Ok(if same {
        SignUpOutcome::Accepted(expires_at)
    } else {
        SignUpOutcome::Conflict
    })
}

fn row(
    app: &App,
    new: &NewSignUp,
    hash: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> pending_sign_up::ActiveModel {
    pending_sign_up::ActiveModel {
        id: Set(new.id),
        email: Set(new.email.as_str().to_owned()),
        email_key: Set(new.email.key().to_owned()),
        passphrase_hash: Set(hash.to_owned()),
        handle: Set(new.handle.as_str().to_owned()),
        time_zone: Set(new.time_zone.name().to_owned()),
        country: Set(new.country.code().to_owned()),
        locale: Set(new.locale.tag().to_owned()),
        terms_version: Set(app.config.auth.terms_version.clone()),
        adult_stated_at: Set(now),
        attempts: Set(0),
        created_at: Set(now),
        expires_at: Set(expires_at),
        session_id: Set(None),
        verified_at: Set(None),
    }
}

/// What became of a code that was to prove an address.
pub enum VerifyOutcome {
    /// The address is his, and the account is made.
    SignedIn(Tokens),
    /// Another code was mailed, or this one is not good any more.
    WrongCode,
    /// Somebody took the handle meanwhile; the code stays good for another.
    HandleTaken,
    /// The address got an account meanwhile.
    EmailTaken,
    /// It was verified before, from another device.
    Conflict,
}

/// Makes the member, his account and his first session, for who knows the code. Asked again, while the
/// session is as new, it answers with the same session.
pub async fn verify_email(
    app: &App,
    from: IpAddr,
    id: SignUpId,
    code: &Code,
    handle: Option<&Handle>,
    device: &DeviceName,
) -> Result<VerifyOutcome, Fault> {
    let now = app.clock.now();
    let verified = transact!(app, |tx| {
        let Some(sign_up) = store::sign_up::guess(tx, id, now).await? else {
            return Ok(Done::Undo(VerifyOutcome::WrongCode));
        };
        if !Code::of_sign_up(&app.keys, &sign_up).is(code) {
            return Ok(Done::Keep(VerifyOutcome::WrongCode));
        }
        if let Some(session) = sign_up.session_id {
            return Ok(Done::Undo(resume(app, tx, session, device).await?));
        }
        let chosen = match handle {
            Some(handle) => Ok(handle.clone()),
            None => Handle::parse("handle", &sign_up.handle),
        };
        // A handle that was allowed at sign-up may be reserved since.
        let Ok(handle) = chosen else {
            return Ok(Done::Undo(VerifyOutcome::HandleTaken));
        };
        make(app, tx, from, sign_up, handle, device).await
    });
    match verified {
        // Two took one handle in the same moment, and the other was first.
        Err(fault) if fault.is_unique_violation() => Ok(VerifyOutcome::HandleTaken),
        Ok(VerifyOutcome::SignedIn(tokens)) => {
            // Many who sign up at one place are not stopped by each other.
            limits::request_succeeded(app, from).await?;
            Ok(VerifyOutcome::SignedIn(tokens))
        }
        verified => verified,
    }
}

async fn make(
    app: &App,
    tx: &Tx,
    from: IpAddr,
    sign_up: pending_sign_up::Model,
    handle: Handle,
    device: &DeviceName,
) -> Result<Done<VerifyOutcome>, Fault> {
    let now = app.clock.now();
    let new = new_member(app, &sign_up, handle).ok_or(Fault::Broken(
        "what was checked at sign-up can be read back",
    ))?;
    let taken = store::account::find_by_email(tx, &sign_up.email_key).await?;
    if taken.is_some() {
        return Ok(Done::Undo(VerifyOutcome::EmailTaken));
    }
    if !profile::service::create(app, tx, &new).await? {
        return Ok(Done::Undo(VerifyOutcome::HandleTaken));
    }
    let id = sign_up.id;
    if !store::account::insert(tx, account_row(new.id, sign_up, now)).await? {
        return Ok(Done::Undo(VerifyOutcome::EmailTaken));
    }
    let who = SignedIn {
        member: new.id,
        session: app.ids.next(),
    };
    let Some(tokens) = sessions::open(app, tx, who, device).await? else {
        return Err(Fault::Broken("a session's new id is new"));
    };
    limits::got_in(app, tx, from, who.member).await?;
    if !store::sign_up::verified(tx, id, who.session, now).await? {
        return Err(Fault::Broken("a sign-up is verified once"));
    }
    Ok(Done::Keep(VerifyOutcome::SignedIn(tokens)))
}

async fn resume(
    app: &App,
    tx: &Tx,
    session: SessionId,
    device: &DeviceName,
) -> Result<VerifyOutcome, Fault> {
    let Some(session) = store::session::find_sealed(tx, session).await? else {
        return Ok(VerifyOutcome::WrongCode);
    };
    if !sessions::is_as_new(app, &session) {
        return Ok(VerifyOutcome::WrongCode);
    }
    if session.device_name != device.as_str() {
        return Ok(VerifyOutcome::Conflict);
    }
    Ok(VerifyOutcome::SignedIn(sessions::same_tokens(
        app, &session,
    )?))
}

fn new_member(app: &App, sign_up: &pending_sign_up::Model, handle: Handle) -> Option<NewMember> {
    Some(NewMember {
        // Others see it, and are not to learn when he joined.
        id: app.ids.random(),
        handle,
        time_zone: sign_up.time_zone.parse().ok()?,
        country: Country::parse("country", &sign_up.country).ok()?,
        locale: Language::parse("locale", &sign_up.locale).ok()?,
    })
}

fn account_row(
    member: MemberId,
    sign_up: pending_sign_up::Model,
    now: DateTime<Utc>,
) -> account::ActiveModel {
    account::ActiveModel {
        member_id: Set(member),
        email: Set(sign_up.email),
        email_key: Set(sign_up.email_key),
        passphrase_hash: Set(sign_up.passphrase_hash),
        role: Set(Role::Member),
        email_verified_at: Set(now),
        adult_stated_at: Set(sign_up.adult_stated_at),
        terms_version: Set(sign_up.terms_version),
        terms_accepted_at: Set(sign_up.created_at),
        deletion_due_at: Set(None),
        deletion_undone_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
    }
}
