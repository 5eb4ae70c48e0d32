//! Everything that is derived from the one secret: a key of its own for each purpose, so that what
//! one leaks says nothing about another.

pub mod at_rest;
pub mod file;

use aws_lc_rs::digest;
use aws_lc_rs::hmac;
use secrecy::{ExposeSecret as _, SecretString};

use self::at_rest::AtRest;

/// The keys of this installation.
pub struct Keys {
    access_token: [u8; 32],
    purposes: [hmac::Key; 4],
    at_rest: AtRest,
}

/// What a keyed hash is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Refresh tokens: their successors and their seals.
    Refresh = 0,
    /// Mailed codes.
    Code = 1,
    /// Names in the rate-limit table, which must not list addresses.
    RateLimit = 2,
    /// Device keys: that a device signed in to an account before.
    Device = 3,
}

impl Keys {
    /// Derives the keys from the configured secret; what is written down is encrypted under it, too.
    pub fn derive(secret: &SecretString) -> Self {
        let derived = |label: &str| derived(secret, label);
        let purpose = |label| hmac::Key::new(hmac::HMAC_SHA256, &derived(label));
        Self {
            access_token: derived("belay access token v1"),
            purposes: [
                purpose("belay refresh token v1"),
                purpose("belay mailed code v1"),
                purpose("belay rate limit v1"),
                purpose("belay device key v1"),
            ],
            at_rest: AtRest::new(secret, &[]),
        }
    }

    /// With other secrets for what is written down: the first to write with, all of them to read with.
    #[must_use]
    pub fn with_at_rest(self, at_rest: AtRest) -> Self {
        Self { at_rest, ..self }
    }

    /// What members' words are encrypted with where they are kept.
    pub const fn at_rest(&self) -> &AtRest {
        &self.at_rest
    }

    /// The key that signs access tokens (HS256).
    pub const fn access_token(&self) -> &[u8; 32] {
        &self.access_token
    }

    /// HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists of parts look alike.
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.purposes[purpose as usize]);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

/// A key of its own for what the label says.
fn derived(secret: &SecretString, label: &str) -> [u8; 32] {
    let root = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let mut key = [0; 32];
    key.copy_from_slice(hmac::sign(&root, label.as_bytes()).as_ref());
    key
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

/// SHA-256.
pub fn sha256(data: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, data).as_ref());
    out
}

/// Compares in a time that does not depend on where the two differ.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}
