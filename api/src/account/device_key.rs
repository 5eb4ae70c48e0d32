//! The device key: shows that a device has signed in to an account before (the "device cookie" of the OWASP
//! Cheat Sheet Series).
//!
//! It opens nothing. Whoever has it is counted apart from strangers, so that their guesses do not keep a
//! member out. It names no member: it is a random-looking id and a keyed hash of that id and the member's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::MemberId;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::keys::{Keys, Purpose, same};

const SEAL: usize = 16;
const LENGTH: usize = 16 + SEAL;

/// A device key as it was sent; whose it is, [`DeviceKey::is_of`] says.
#[derive(Clone)]
pub struct DeviceKey {
    device: Uuid,
    seal: [u8; SEAL],
}

impl DeviceKey {
    /// The key of a device that a member has shown to be his. `device` is an id that no other device gets, such as
    /// its session's: asked again, the key is the same.
    pub fn issue(keys: &Keys, device: Uuid, member: MemberId) -> Self {
        let parts: [&[u8]; 3] = [b"device", device.as_bytes(), member.0.as_bytes()];
        let mac = keys.mac(Purpose::Device, &parts);
        let mut seal = [0; SEAL];
        seal.copy_from_slice(&mac[..SEAL]);
        Self { device, seal }
    }

    /// Reads a key; `None` if it has not the form of one.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (device, seal) = bytes.split_first_chunk::<16>()?;
        Some(Self {
            device: Uuid::from_bytes(*device),
            seal: seal.try_into().ok()?,
        })
    }

    /// Whether this installation issued it for this member.
    pub fn is_of(&self, keys: &Keys, member: MemberId) -> bool {
        same(&Self::issue(keys, self.device, member).seal, &self.seal)
    }

    /// Which device.
    pub const fn device(&self) -> Uuid {
        self.device
    }

    /// As a device keeps it: 43 characters of the URL-safe Base64 alphabet.
    pub fn text(&self) -> SecretString {
        let bytes = [self.device.as_bytes().as_slice(), &self.seal].concat();
        URL_SAFE_NO_PAD.encode(bytes).into()
    }
}

/// Reads what a device sent; what is no key is none.
pub(super) fn given(text: Option<&SecretString>) -> Option<DeviceKey> {
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

        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = DeviceKey::read(&URL_SAFE_NO_PAD.encode(changed)).unwrap();
            assert!(!changed.is_of(&keys, mike), "byte {place}");
        }
        let others = Keys::derive(&"fedcba9876543210fedcba9876543210".into());
        assert!(!read.is_of(&others, mike));
        assert!(DeviceKey::read("").is_none() && DeviceKey::read("n o").is_none());
    }
}
