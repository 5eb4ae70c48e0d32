//! Rate limits: how many tries an account, a network and a known device may have.
//!
//! Each limit allows a burst, and then a steady rate (the generic cell rate algorithm, ITU-T I.371). The limited field
//! itself counts the try, so a document that selects the field ten times counts ten tries. An unknown e-mail address
//! counts like a known one.
//!
//! Three rules keep strangers from locking a member out:
//!
//! 1. A device that signed in before sends its [`DeviceKey`], and has limits of its own.
//! 2. A successful try does not count against the network, which many members may share.
//! 3. Only a mailed code's own five guesses limit its entry. Nothing that others do counts.

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
use crate::db::SLICE;
use crate::error::Fault;
use crate::keys::Purpose;
use crate::tx::Tx;
use crate::viewer::SignedIn;

const HOUR: TimeDelta = TimeDelta::hours(1);
/// How long a member who signed in or up from a network counts in its favour.
const SPEAKS_FOR: TimeDelta = TimeDelta::days(30);
/// The limit of a /48, as a multiple of the limit of one /64 in it.
const WIDE: u32 = 10;
/// The bucket of requests that send a letter.
const REQUESTS: &str = "code by address";
/// The limit of an account's known devices together, as a multiple of one device's limit.
const DEVICES: u32 = 6;

/// A caller who is not signed in.
#[derive(Clone)]
pub struct Requester {
    /// The client's address.
    pub address: IpAddr,
    /// The device key that the request carried.
    pub device_key: Option<DeviceKey>,
}

impl Requester {
    /// Returns the device's id, or `None` if it has not signed in to this member's account before.
    pub fn known(&self, app: &App, member: MemberId) -> Option<Uuid> {
        let key = self.device_key.as_ref();
        key.filter(|key| key.is_of(&app.keys, member))
            .map(DeviceKey::device)
    }
}

/// Proof that a try was counted. Costly functions take it as an argument, so that no caller can bypass the limits.
#[derive(Debug, Default)]
pub struct Counted(Vec<(String, TimeDelta)>);

impl Counted {
    /// Gives the try back to the network's buckets, because it succeeded. The account's own buckets keep it: a caller
    /// who knows the passphrase can also request only so much costly work.
    pub async fn give_back(self, app: &App) -> Result<(), Fault> {
        for (key, each) in self.0 {
            store::limit::give_back(app.db.pool(), &key, each).await?;
        }
        Ok(())
    }
}

/// Counts one attempt to sign in to an account, which may not exist. A known device has its own buckets. A stranger is
/// counted by account and network together, then by network, and last by account. So an attempt that an earlier bucket
/// refuses takes nothing from the buckets that others share.
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

/// Counts one guess at a signed-in member's passphrase, by session: no other device shares that bucket.
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

/// Counts one stranger's request that costs work and sends a letter. This keeps one network from using up the machine;
/// [`letters`] limits how many letters are sent.
pub async fn request(app: &App, address: IpAddr) -> Result<Counted, Fault> {
    let (here, per_hour) = requests(app, address).await?;
    count(app, REQUESTS, &[here.as_bytes()], per_hour).await?;
    Ok(Counted::default())
}

/// Gives a request from this address and its letter back to the network, because they led to an account.
pub(super) async fn request_succeeded(app: &App, address: IpAddr) -> Result<(), Fault> {
    let (here, per_hour) = requests(app, address).await?;
    let key = key(app, REQUESTS, &[here.as_bytes()]);
    store::limit::give_back(app.db.pool(), &key, share(HOUR, per_hour)).await?;
    letters::give_back(app, address).await
}

/// Returns the network of an address, and how many requests an hour may come from it.
async fn requests(app: &App, address: IpAddr) -> Result<(String, u32), Fault> {
    let networks = Networks::of(address);
    let room = room(members_behind(app, &networks).await?);
    let per_hour = app.config.auth.limits.code_per_address;
    Ok((networks.narrow, per_hour.saturating_mul(room)))
}

/// Counts one known device's request for a letter.
pub(super) async fn request_by_device(app: &App, device: Uuid) -> Result<Counted, Fault> {
    let per_hour = app.config.auth.limits.sign_in_per_device;
    count(app, "code by device", &[device.as_bytes()], per_hour).await?;
    Ok(Counted::default())
}

/// Returns how many members signed in or up from a network lately, up to the count that matters.
async fn members_behind(app: &App, networks: &Networks) -> Result<u64, Fault> {
    let key = key(app, "network", &[networks.narrow.as_bytes()]);
    let since = app.clock.now() - SPEAKS_FOR;
    store::network::members(app.db.pool(), &key, since).await
}

/// Records that a member signed in or up from this address: from now on he counts in its network's favour.
pub(super) async fn got_in(
    app: &App,
    tx: &Tx,
    address: IpAddr,
    member: MemberId,
) -> Result<(), Fault> {
    let network = Networks::of(address).narrow;
    let network_key = key(app, "network", &[network.as_bytes()]);
    // A keyed hash of both: the table reveals neither, and the same member has an unrelated entry on another network.
    let who = key(app, "member at", &[network.as_bytes(), member.0.as_bytes()]);
    store::network::got_in(tx, &network_key, &who, app.clock.now()).await
}

/// Removes members who no longer count in their network's favour, and full buckets. One slice; returns whether there
/// is more.
pub(super) async fn housekeep(app: &App) -> Result<bool, Fault> {
    let now = app.clock.now();
    let networks = store::network::remove_before(app.db.pool(), now - SPEAKS_FOR).await?;
    let full = store::limit::remove_full(app.db.pool(), now).await?;
    Ok(networks == SLICE || full == SLICE)
}

/// Returns a bucket's key in the database: a keyed hash, because the database must not list addresses.
fn key(app: &App, name: &str, subject: &[&[u8]]) -> String {
    let parts: Vec<&[u8]> = std::iter::once(name.as_bytes())
        .chain(subject.iter().copied())
        .collect();
    hex::encode(&app.keys.mac(Purpose::RateLimit, &parts)[..16])
}

/// Returns one of `many` equal shares of `whole`.
fn share(whole: TimeDelta, many: u32) -> TimeDelta {
    whole / i32::try_from(many.max(1)).unwrap_or(i32::MAX)
}

/// Counts one try. Returns the bucket's key, and how much time the try costs.
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

/// Counts a refusal in the metrics, and returns the fault with the time to wait.
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
    // At least one second, for clients that do not read fractions.
    let wait = wait.to_std().unwrap_or_default();
    Ok(Fault::RateLimited(wait.max(Duration::from_secs(1))))
}
