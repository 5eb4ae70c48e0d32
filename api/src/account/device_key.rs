//! The device key: shows that a device has signed in to an account before (the "device cookie" of the OWASP
//! Cheat Sheet Series).
//!
//! It opens nothing. A caller who has it is counted apart from strangers, so that strangers' guesses do not lock a
//! member out. It names no member. It consists of a random-looking id, a keyed hash of that id and the member's id,
//! and a keyed hash of the id alone. The last shows that a request comes from a device before it is known whose device
//! it is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::MemberId;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::keys::{Keys, Purpose, same};

const SEAL: usize = 16;
const LENGTH: usize = 16 + 2 * SEAL;

type Seal = [u8; SEAL];

/// A device key as a client sent it. [`DeviceKey::is_of`] says whether it is a given member's.
#[derive(Clone)]
pub struct DeviceKey {
    device: Uuid,
    of_member: Seal,
    of_installation: Seal,
}

impl DeviceKey {
    /// Issues the key of a device that a member has shown to be his. `device` is an id that no other device gets, such
    /// as its session's. The same id gives the same key.
    pub fn issue(keys: &Keys, device: Uuid, member: MemberId) -> Self {
        Self {
            device,
            of_member: seal(keys, &[b"device", device.as_bytes(), member.0.as_bytes()]),
            of_installation: installation_seal(keys, device),
        }
    }

    /// Reads a key. Returns `None` if it is malformed.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (device, seals) = bytes.split_first_chunk::<16>()?;
        let (of_member, of_installation) = seals.split_first_chunk::<SEAL>()?;
        Some(Self {
            device: Uuid::from_bytes(*device),
            of_member: *of_member,
            of_installation: of_installation.try_into().ok()?,
        })
    }

    /// Whether this installation issued the key for this member.
    pub fn is_of(&self, keys: &Keys, member: MemberId) -> bool {
        same(
            &Self::issue(keys, self.device, member).of_member,
            &self.of_member,
        )
    }

    /// Whether this installation issued the key, for any member.
    pub fn is_ours(&self, keys: &Keys) -> bool {
        same(&installation_seal(keys, self.device), &self.of_installation)
    }

    /// Returns the device's id.
    pub const fn device(&self) -> Uuid {
        self.device
    }

    /// Returns the key as a device stores it: 64 characters of the URL-safe Base64 alphabet.
    pub fn text(&self) -> SecretString {
        let seals = [self.of_member, self.of_installation].concat();
        let bytes = [self.device.as_bytes().as_slice(), &seals].concat();
        URL_SAFE_NO_PAD.encode(bytes).into()
    }
}

fn seal(keys: &Keys, parts: &[&[u8]]) -> Seal {
    let mac = keys.mac(Purpose::Device, parts);
    let mut seal = [0; SEAL];
    seal.copy_from_slice(&mac[..SEAL]);
    seal
}

fn installation_seal(keys: &Keys, device: Uuid) -> Seal {
    seal(keys, &[b"installation", device.as_bytes()])
}

/// Reads the key that a device sent. A malformed key counts as none.
pub fn given(text: Option<&SecretString>) -> Option<DeviceKey> {
    text.and_then(|text| DeviceKey::read(text.expose_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_valid_for_one_member_and_any_changed_byte_breaks_a_seal() {
        let keys = Keys::derive(&"0123456789abcdef0123456789abcdef".into());
        let (mike, paul) = (MemberId(Uuid::from_u128(1)), MemberId(Uuid::from_u128(2)));
        let key = DeviceKey::issue(&keys, Uuid::from_u128(3), mike);
        let text = key.text();
        let text = text.expose_secret();
        let read = DeviceKey::read(text).unwrap();
        assert!(read.is_of(&keys, mike) && !read.is_of(&keys, paul));
        assert_eq!(read.device(), Uuid::from_u128(3));
        assert!(read.is_ours(&keys));

        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = DeviceKey::read(&URL_SAFE_NO_PAD.encode(changed)).unwrap();
            // In order: the id, which both seals cover; the member's seal; the installation's seal.
            let good = match place / SEAL {
                0 => (false, false),
                1 => (false, true),
                _ => (true, false),
            };
            let is = (changed.is_of(&keys, mike), changed.is_ours(&keys));
            assert_eq!(is, good, "byte {place}");
        }
        let others = Keys::derive(&"fedcba9876543210fedcba9876543210".into());
        assert!(!read.is_of(&others, mike) && !read.is_ours(&others));
        assert!(DeviceKey::read("").is_none() && DeviceKey::read("n o").is_none());
    }
}
