//! Signing up, and proving the address.
//!
//! A sign-up with the address of an existing account gets the same answer, statements and work as any other. The
//! worker finds out which it is, and tells only the address. The handle is not reserved meanwhile, because that would
//! reveal it.

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
use crate::error::Fault;
use crate::jobs::{self, Job};
use crate::keys::Purpose;
use crate::locale::{Country, Language};
use crate::passphrase::Strong;
use crate::profile::service::NewMember;
use crate::profile::{self, Handle};
use crate::transact;
use crate::tx::{Done, Tx};
use crate::viewer::SignedIn;
use crate::zones::Zone;

/// A request to sign up.
pub struct NewSignUp {
    /// Chosen by the app.
    pub id: SignUpId,
    /// The address that the account is to have.
    pub email: Email,
    /// The passphrase.
    pub passphrase: Strong,
    /// What others call the member.
    pub handle: Handle,
    /// The time zone of his days.
    pub time_zone: Zone,
    /// The country he lives in.
    pub country: Country,
    /// The language of his letters.
    pub locale: Language,
}

/// The outcome of a sign-up.
pub enum SignUpOutcome {
    /// A letter is on its way. Its code is good until this time.
    Accepted(DateTime<Utc>),
    /// The id was used before with different content.
    Conflict,
}

/// Stores a sign-up, and schedules its letter. Idempotent: a repeated sign-up gets the same answer.
pub async fn sign_up(
    app: &App,
    _: limits::Counted,
    from: IpAddr,
    new: &NewSignUp,
) -> Result<SignUpOutcome, Fault> {
    // A repeated sign-up requests no second letter.
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
        Made::Now => Ok(SignUpOutcome::Accepted(disclosed_expiry(app, now))),
        Made::Before => match store::sign_up::find(app.db.pool(), new.id).await? {
            Some(before) => repeated(app, new, before).await,
            // Removed between the two statements: it had expired.
            None => Ok(SignUpOutcome::Conflict),
        },
        Made::ForAnother => Ok(SignUpOutcome::Conflict),
    }
}

/// Returns when a code expires, as far as the caller is told. The code of a delayed letter is good for longer, but the
/// delay depends on what others requested, so the caller must not learn it.
fn disclosed_expiry(app: &App, made_at: DateTime<Utc>) -> DateTime<Utc> {
    made_at + super::code_life(app)
}

/// Whether a sign-up was stored.
enum Made {
    Now,
    /// A sign-up with this id is already waiting for its code.
    Before,
    /// The id was once used for another address.
    ForAnother,
}

/// Returns a keyed hash of the address. It outlives the sign-up and does not reveal the address.
fn address_mac(app: &App, new: &NewSignUp) -> [u8; 32] {
    let parts: [&[u8]; 3] = [
        b"address of a sign-up",
        new.id.0.as_bytes(),
        new.email.key().as_bytes(),
    ];
    app.keys.mac(Purpose::Code, &parts)
}

/// Answers a repeated id: with the same answer if it is the same sign-up.
async fn repeated(
    app: &App,
    new: &NewSignUp,
    before: pending_sign_up::Model,
) -> Result<SignUpOutcome, Fault> {
    let expires_at = disclosed_expiry(app, before.created_at);
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

/// The outcome of entering the code of a sign-up.
pub enum VerifyOutcome {
    /// The address is proved, and the account exists.
    SignedIn(Tokens),
    /// The code is wrong or no longer good.
    WrongCode,
    /// Somebody took the handle meanwhile. The code stays good for another handle.
    HandleTaken,
    /// The address got an account meanwhile.
    EmailTaken,
    /// Another device verified it before.
    Conflict,
}

/// Creates the member, the account and the first session for a caller who knows the code. Idempotent: until the
/// session is refreshed, a repeated request gets the same session.
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
        // A handle that was allowed at sign-up may have been reserved since.
        let Ok(handle) = chosen else {
            return Ok(Done::Undo(VerifyOutcome::HandleTaken));
        };
        make(app, tx, from, sign_up, handle, device).await
    });
    match verified {
        // A concurrent request took the handle first.
        Err(fault) if fault.is_unique_violation() => Ok(VerifyOutcome::HandleTaken),
        Ok(VerifyOutcome::SignedIn(tokens)) => {
            // A success does not count against the network, so that many people can sign up from one place.
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
        // Random, not time-ordered: others see the id, and must not learn from it when the member joined.
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
