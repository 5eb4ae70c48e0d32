//! The device key: shows that a device has signed in to an account before (the "device cookie" of the OWASP
//! Cheat Sheet Series).
//!
//! It opens nothing. Whoever has it is counted apart from strangers, so that their guesses do not keep a
//! member out. It names no member: it is a random-looking id, a keyed hash of that id and the member's, and a keyed
//! hash of the id alone, by which a request is known to come from a device before it is known whose.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::MemberId;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::keys::{Keys, Purpose, same};

const SEAL: usize = 16;
const LENGTH: usize = 16 + 2 * SEAL;

type Seal = [u8; SEAL];

/// A device key as it was sent; whose it is, [`DeviceKey::is_of`] says.
#[derive(Clone)]
pub struct DeviceKey {
    device: Uuid,
    of_member: Seal,
    of_installation: Seal,
}

impl DeviceKey {
    /// The key of a device that a member has shown to be his. `device` is an id that no other device gets, such as
    /// its session's: asked again, the key is the same.
    pub fn issue(keys: &Keys, device: Uuid, member: MemberId) -> Self {
        Self {
            device,
            of_member: seal(keys, &[b"device", device.as_bytes(), member.0.as_bytes()]),
            of_installation: installation_seal(keys, device),
        }
    }

    /// Reads a key; `None` if it has not the form of one.
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

    /// Whether this installation issued it for this member.
    pub fn is_of(&self, keys: &Keys, member: MemberId) -> bool {
        same(
            &Self::issue(keys, self.device, member).of_member,
            &self.of_member,
        )
    }

    /// Whether this installation issued it, for whomever.
    pub fn is_ours(&self, keys: &Keys) -> bool {
        same(&installation_seal(keys, self.device), &self.of_installation)
    }

    /// Which device.
    pub const fn device(&self) -> Uuid {
        self.device
    }

    /// As a device keeps it: 64 characters of the URL-safe Base64 alphabet.
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

/// Reads what a device sent; what is no key is none.
pub fn given(text: Option<&SecretString>) -> Option<DeviceKey> {
    text.and_then(|text| DeviceKey::read(text.expose_secret()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_good_for_its_member_and_a_changed_one_for_nobody() {
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
            // The id, which both seals are of; his; the installation's.
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
