//! How often somebody may try: per account, per network, and apart from both per device that is known.
//!
//! Each limit lets so many tries through at once and then one after the other (the generic cell rate algorithm,
//! ITU-T I.371). It is asked by the field that is limited, so that a document which names the field ten times asks
//! ten times; and it counts an unknown e-mail address like a known one.
//!
//! Three rules keep strangers from keeping a member out:
//!
//! 1. A device that signed in before sends its [`DeviceKey`], and is counted by itself alone.
//! 2. What succeeds does not count against the network, whose members may be many.
//! 3. Entering a mailed code is limited by the code's own five guesses, and by nothing that others do.

pub(super) mod letters;
mod network;

use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::MemberId;
use uuid::Uuid;

pub use network::network;
pub(super) use network::{Networks, room};

use super::device_key::DeviceKey;
use super::model::Email;
use super::store;
use crate::app::App;
use crate::db::{SLICE, Tx};
use crate::error::Fault;
use crate::keys::Purpose;
use crate::viewer::SignedIn;

const HOUR: TimeDelta = TimeDelta::hours(1);
/// Who got in from a network this long ago still speaks for it.
const SPEAKS_FOR: TimeDelta = TimeDelta::days(30);
/// A /48 may try so many times what one of its networks may.
const WIDE: u32 = 10;
/// The bucket of requests that have a letter sent.
const REQUESTS: &str = "code by address";
/// The known devices of an account together may try so many times what one of them may.
const DEVICES: u32 = 6;

/// Who asks without being signed in: from where, and with which device key.
#[derive(Clone)]
pub struct Requester {
    pub address: IpAddr,
    pub device_key: Option<DeviceKey>,
}

impl Requester {
    /// The device, when it signed in to this member's account before.
    pub fn known(&self, app: &App, member: MemberId) -> Option<Uuid> {
        let key = self.device_key.as_ref();
        key.filter(|key| key.is_of(&app.keys, member))
            .map(DeviceKey::device)
    }
}

/// A try that was counted: leave to go on. What is costly asks for it, so that it cannot be reached around the limits.
#[derive(Debug, Default)]
pub struct Counted(Vec<(String, TimeDelta)>);

impl Counted {
    /// Gives it back to the network, because it succeeded. The account's own count stays: who knows the passphrase is
    /// limited in how much work he may ask for, too.
    pub async fn give_back(self, app: &App) -> Result<(), Fault> {
        for (key, each) in self.0 {
            store::limit::give_back(app.db.pool(), &key, each).await?;
        }
        Ok(())
    }
}

/// Counts one try at signing in, to an account that may not exist. A known device is counted by itself; a stranger by
/// his network and the account together, by his network, and last by the account, so that who is stopped before
/// takes nothing from others.
pub(super) async fn sign_in(
    app: &App,
    from: &Requester,
    email: &Email,
    member: MemberId,
) -> Result<Counted, Fault> {
    let limits = &app.config.auth.limits;
    if let Some(device) = from.known(app, member) {
        let per_hour = limits.sign_in_per_device;
        count(app, "sign in by device", &[device.as_bytes()], per_hour).await?;
        let all = per_hour.saturating_mul(DEVICES);
        count(app, "sign in by devices", &[member.0.as_bytes()], all).await?;
        return Ok(Counted::default());
    }
    let networks = Networks::of(from.address);
    let room = room(members_behind(app, &networks).await?);
    let account = email.key().as_bytes();
    let (here, block) = (networks.narrow.as_bytes(), networks.widest().as_bytes());
    let per_hour = limits.sign_in_per_account_and_address;
    let name = "sign in by account and address";
    count(app, name, &[account, block], per_hour).await?;
    let per_hour = limits.sign_in_per_address.saturating_mul(room);
    let mut shared = vec![count(app, "sign in by address", &[here], per_hour).await?];
    if networks.wide.is_some() {
        let per_hour = per_hour.saturating_mul(WIDE);
        shared.push(count(app, "sign in by block", &[block], per_hour).await?);
    }
    let per_hour = limits.sign_in_per_account;
    count(app, "sign in by account", &[account], per_hour).await?;
    Ok(Counted(shared))
}

/// Counts one guess at the passphrase of who is signed in: by his session, which no other device has.
pub async fn passphrase(app: &App, who: SignedIn) -> Result<Counted, Fault> {
    let (session, per_hour) = (who.session.0, app.config.auth.limits.sign_in_per_device);
    count(
        app,
        "passphrase by session",
        &[session.as_bytes()],
        per_hour,
    )
    .await?;
    Ok(Counted::default())
}

/// Counts one request of a stranger that costs work and has a letter sent. It keeps one network from taking all of the
/// machine; how many letters go out is limited by [`letters`].
pub async fn request(app: &App, address: IpAddr) -> Result<Counted, Fault> {
    let (here, per_hour) = requests(app, address).await?;
    count(app, REQUESTS, &[here.as_bytes()], per_hour).await?;
    Ok(Counted::default())
}

/// A request from this address, and its letter, led to an account: they do not count against its network.
pub(super) async fn request_succeeded(app: &App, address: IpAddr) -> Result<(), Fault> {
    let (here, per_hour) = requests(app, address).await?;
    let key = key(app, REQUESTS, &[here.as_bytes()]);
    store::limit::give_back(app.db.pool(), &key, share(HOUR, per_hour)).await?;
    letters::give_back(app, address).await
}

/// The network of an address, and how many requests an hour may come from it.
async fn requests(app: &App, address: IpAddr) -> Result<(String, u32), Fault> {
    let networks = Networks::of(address);
    let room = room(members_behind(app, &networks).await?);
    let per_hour = app.config.auth.limits.code_per_address;
    Ok((networks.narrow, per_hour.saturating_mul(room)))
}

/// Counts one request for a letter by a known device.
pub(super) async fn request_by_device(app: &App, device: Uuid) -> Result<Counted, Fault> {
    let per_hour = app.config.auth.limits.sign_in_per_device;
    count(app, "code by device", &[device.as_bytes()], per_hour).await?;
    Ok(Counted::default())
}

/// How many members got in from a network lately, as far as it matters.
async fn members_behind(app: &App, networks: &Networks) -> Result<u64, Fault> {
    let key = key(app, "network", &[networks.narrow.as_bytes()]);
    let since = app.clock.now() - SPEAKS_FOR;
    store::network::members(app.db.pool(), &key, since).await
}

/// A member got in from this address: he speaks for its network from now on.
pub(super) async fn got_in(
    app: &App,
    tx: &Tx,
    address: IpAddr,
    member: MemberId,
) -> Result<(), Fault> {
    let network = Networks::of(address).narrow;
    let network_key = key(app, "network", &[network.as_bytes()]);
    // A keyed hash of both: the table names neither, and the same member elsewhere is another entry.
    let who = key(app, "member at", &[network.as_bytes(), member.0.as_bytes()]);
    store::network::got_in(tx, &network_key, &who, app.clock.now()).await
}

/// Forgets who got in so long ago that he does not speak for his network any more.
/// One slice; returns whether there is more.
pub(super) async fn housekeep(app: &App) -> Result<bool, Fault> {
    let now = app.clock.now();
    let networks = store::network::remove_before(app.db.pool(), now - SPEAKS_FOR).await?;
    let full = store::limit::remove_full(app.db.pool(), now).await?;
    Ok(networks == SLICE || full == SLICE)
}

/// What a bucket is known by in the database, which must not list addresses.
fn key(app: &App, name: &str, subject: &[&[u8]]) -> String {
    let parts: Vec<&[u8]> = std::iter::once(name.as_bytes())
        .chain(subject.iter().copied())
        .collect();
    hex::encode(&app.keys.mac(Purpose::RateLimit, &parts)[..16])
}

/// The share of `whole` that one of `many` takes.
fn share(whole: TimeDelta, many: u32) -> TimeDelta {
    whole / i32::try_from(many.max(1)).unwrap_or(i32::MAX)
}

/// Counts one try; the bucket, and what it was worth.
async fn count(
    app: &App,
    name: &'static str,
    subject: &[&[u8]],
    per_hour: u32,
) -> Result<(String, TimeDelta), Fault> {
    let key = key(app, name, subject);
    let now = app.clock.now();
    let each = share(HOUR, per_hour);
    let latest = now + HOUR - each;
    if store::limit::take(app.db.pool(), &key, now, each, latest).await? {
        return Ok((key, each));
    }
    Err(refused(app, name, &key, latest, each).await?)
}

async fn refused(
    app: &App,
    name: &'static str,
    key: &str,
    latest: DateTime<Utc>,
    each: TimeDelta,
) -> Result<Fault, Fault> {
    metrics::counter!("belay_rate_limited_total", "limit" => name).increment(1);
    let full_at = store::limit::full_at(app.db.pool(), key).await?;
    let wait = full_at.map_or(each, |full_at| full_at - latest);
    // At least a second, for whoever does not read fractions.
    let wait = wait.to_std().unwrap_or_default();
    Ok(Fault::RateLimited(wait.max(Duration::from_secs(1))))
}
