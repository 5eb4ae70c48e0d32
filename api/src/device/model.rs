//! Devices and their registrations, with the rules about them.

use chrono::{DateTime, TimeDelta, Utc};
use entity::device::{AddressKind, Platform};
use entity::{DeviceId, MemberId};

use crate::locale::Language;
use crate::problem::Problem;
use crate::push::{Address, printable};

/// The most devices that a member has. Beyond it, dead devices are removed first, then those not seen for longest.
pub const MOST_DEVICES: usize = 20;
/// Apps send their address again every month. Nothing is sent to a device that was not seen for this long.
pub const STALE_AFTER: TimeDelta = TimeDelta::days(60);
/// A device that was not seen for this long is removed.
pub const REMOVED_AFTER: TimeDelta = TimeDelta::days(270);

/// How long a device whose session was ended still receives what is about the account.
pub const PARTED_FOR: TimeDelta = TimeDelta::hours(1);

const MAX_INSTALLATION_ID: usize = 256;
const MAX_APP_VERSION: usize = 64;

/// What an app reports about itself when it registers.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The address at which it can be reached.
    pub address: Address,
    /// Which installation of the app it is, if the app says.
    pub installation_id: Option<String>,
    /// The platform it runs on.
    pub platform: Platform,
    /// Its version, as it writes it.
    pub app_version: String,
    /// Its language.
    pub locale: Language,
}

/// Checks `input.installationId`: printable ASCII without spaces.
pub fn installation_id(value: &str) -> Result<String, Problem> {
    printable("installationId", value, MAX_INSTALLATION_ID)
}

/// Checks `input.appVersion`: printable ASCII without spaces.
pub fn app_version(value: &str) -> Result<String, Problem> {
    printable("appVersion", value, MAX_APP_VERSION)
}

/// A device as its owner sees it.
#[derive(Clone, Debug)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// How it is reached.
    pub address_kind: AddressKind,
    /// What the app runs on.
    pub platform: Platform,
    /// The app's version.
    pub app_version: String,
    /// The app's language, BCP 47.
    pub locale: String,
    /// When it was first registered.
    pub registered_at: DateTime<Utc>,
    /// When it was last registered.
    pub last_seen_at: DateTime<Utc>,
}

/// A device as the push pipeline sees it.
#[derive(Clone, Debug)]
pub struct Reachable {
    /// Its id.
    pub id: DeviceId,
    /// The member it belongs to.
    pub member: MemberId,
    /// Where to send.
    pub address: Address,
    /// What the app runs on.
    pub platform: Platform,
    /// When the provider last said that the address is gone: the address is then on trial.
    pub doubted_at: Option<DateTime<Utc>>,
    /// Whether nobody is signed in on it any more. It then receives what is about the account, and nothing else.
    pub parted: bool,
}

/// A device that may be removed because its member has too many.
#[derive(Clone, Copy, Debug)]
pub struct RemovalCandidate {
    /// The device.
    pub id: DeviceId,
    /// Whether the provider has given it up.
    pub dead: bool,
    /// When it was last registered.
    pub last_seen_at: DateTime<Utc>,
}

/// Returns the devices over the limit: the dead first, then those not seen for longest. `keep` is never among them.
pub fn surplus(mut devices: Vec<RemovalCandidate>, keep: DeviceId) -> Vec<DeviceId> {
    devices.sort_by_key(|device| {
        let kept = device.id == keep;
        (
            !kept,
            device.dead,
            std::cmp::Reverse(device.last_seen_at),
            device.id,
        )
    });
    let over = devices.iter().skip(MOST_DEVICES);
    over.map(|device| device.id).collect()
}

/// Returns the instant before which a device must have been seen last to be stale.
pub fn stale_before(now: DateTime<Utc>) -> DateTime<Utc> {
    now - STALE_AFTER
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn dead_devices_go_first_then_the_longest_unseen_and_never_the_new_one() {
        let id = |n| DeviceId(Uuid::from_u128(n));
        let at = |n: i64| DateTime::from_timestamp(1_700_000_000 + n, 0).unwrap();
        let mut devices: Vec<_> = (1..=20)
            .map(|n: u8| RemovalCandidate {
                id: id(n.into()),
                dead: n == 20,
                last_seen_at: at(n.into()),
            })
            .collect();
        assert_eq!(surplus(devices.clone(), id(1)), vec![]);
        let newcomer = RemovalCandidate {
            id: id(99),
            dead: false,
            last_seen_at: at(0),
        };
        devices.push(newcomer);
        assert_eq!(surplus(devices.clone(), id(99)), vec![id(20)]);
        devices[19].dead = false;
        assert_eq!(surplus(devices, id(99)), vec![id(1)]);
    }
}
