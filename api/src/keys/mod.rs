//! The keys that are derived from the secret: a separate key for each purpose, so that a leaked key reveals nothing
//! about another.

pub mod at_rest;
pub mod file;

use aws_lc_rs::digest;
use aws_lc_rs::hmac;
use secrecy::{ExposeSecret as _, SecretString};

use self::at_rest::AtRest;

/// The keys of this installation.
pub struct Keys {
    current: Derived,
    /// Keys of the secrets in `auth.former_secrets`. They check what was signed before the secret changed, and never
    /// sign.
    former: Vec<Derived>,
    /// Seals the check value of `auth.secret`.
    signing: AtRest,
    at_rest: AtRest,
}

/// The keys that are derived from one secret.
struct Derived {
    access_token: [u8; 32],
    purposes: [hmac::Key; PURPOSES],
}

impl Derived {
    fn of(secret: &SecretString) -> Self {
        let purpose = |label| hmac::Key::new(hmac::HMAC_SHA256, &derived(secret, label));
        Self {
            access_token: derived(secret, "belay access token v1"),
            purposes: [
                purpose("belay refresh token v1"),
                purpose("belay mailed code v1"),
                purpose("belay rate limit v1"),
                purpose("belay bus v1"),
                purpose("belay erasure v1"),
                purpose("belay device key v1"),
                purpose("belay check-in v1"),
            ],
        }
    }

    fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.purposes[purpose as usize], parts)
    }
}

fn mac(key: &hmac::Key, parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

/// The keys of one purpose, for code that needs no others. Cheap to clone.
#[derive(Clone)]
pub struct Signer(std::sync::Arc<[hmac::Key]>);

impl Signer {
    /// As [`Keys::mac`].
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.0.first().map_or([0; 32], |key| mac(key, parts))
    }

    /// Whether one of the secrets gives this HMAC of the parts.
    pub fn is_signed(&self, parts: &[&[u8]], signature: &[u8]) -> bool {
        self.0.iter().any(|key| same(&mac(key, parts), signature))
    }
}

const PURPOSES: usize = 7;

/// The index of a secret: 0 is the current one, and the former ones follow in their order.
pub type SecretIndex = usize;

/// The purpose of a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Refresh tokens: their successors and their seals.
    Refresh = 0,
    /// Mailed codes.
    Code = 1,
    /// Names in the rate-limit table, which must not list addresses.
    RateLimit = 2,
    /// Messages between processes.
    Bus = 3,
    /// Members in the list of erasures, which must not contain names.
    Erasure = 4,
    /// Device keys, which prove that a device signed in to an account before.
    Device = 5,
    /// The contents of a check-in, to recognize a repeated request without storing them.
    CheckIn = 6,
}

impl Keys {
    /// Derives the keys from the configured secret, including those for encryption at rest.
    pub fn derive(secret: &SecretString) -> Self {
        Self::with_former(secret, &[])
    }

    /// As [`Keys::derive`], and also accepts what the former secrets signed.
    pub fn with_former(secret: &SecretString, former: &[SecretString]) -> Self {
        Self {
            current: Derived::of(secret),
            former: former.iter().map(Derived::of).collect(),
            signing: AtRest::new(secret, former),
            at_rest: AtRest::new(secret, former),
        }
    }

    /// Uses other secrets for encryption at rest.
    #[must_use]
    pub fn with_at_rest(self, at_rest: AtRest) -> Self {
        Self { at_rest, ..self }
    }

    /// Returns the keys that encrypt members' words at rest.
    pub const fn at_rest(&self) -> &AtRest {
        &self.at_rest
    }

    /// Returns the keys that seal the check value of `auth.secret`.
    pub(crate) const fn signing(&self) -> &AtRest {
        &self.signing
    }

    /// Returns the key that signs access tokens (HS256).
    pub const fn access_token(&self) -> &[u8; 32] {
        &self.current.access_token
    }

    /// Returns the keys that may have signed an access token, the current one first.
    pub fn access_tokens(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.all().map(|derived| &derived.access_token)
    }

    /// Computes HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists of parts give the same
    /// bytes.
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        self.current.mac(purpose, parts)
    }

    /// As [`Keys::mac`], with the key of this secret, or of the current one if there is no such secret.
    pub fn mac_with(&self, secret: SecretIndex, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let derived = self.all().nth(secret).unwrap_or(&self.current);
        derived.mac(purpose, parts)
    }

    /// Returns the secret whose HMAC of the parts begins with `mac`, or `None` if there is none.
    pub fn made_with(&self, purpose: Purpose, parts: &[&[u8]], mac: &[u8]) -> Option<SecretIndex> {
        let is_mac = |derived: &Derived| {
            let own = derived.mac(purpose, parts);
            own.get(..mac.len())
                .is_some_and(|own| !mac.is_empty() && same(own, mac))
        };
        self.all().position(is_mac)
    }

    /// Returns names of the secrets for this purpose, the current one's first. They reveal nothing about the secrets.
    pub fn names(&self, purpose: Purpose) -> Vec<String> {
        let name = |derived: &Derived| hex::encode(&derived.mac(purpose, &[b"name"])[..4]);
        self.all().map(name).collect()
    }

    /// Returns the keys of one purpose: the current one signs, and all of them check.
    pub fn signer(&self, purpose: Purpose) -> Signer {
        let keys = self
            .all()
            .map(|derived| derived.purposes[purpose as usize].clone());
        Signer(keys.collect())
    }

    fn all(&self) -> impl Iterator<Item = &Derived> {
        std::iter::once(&self.current).chain(&self.former)
    }
}

/// Derives the key for the label.
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

/// Compares in constant time, whatever the position of a difference.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}
