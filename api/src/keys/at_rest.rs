//! Encryption of members' words at rest, so that a copy of the database reveals none of them.
//!
//! The cipher is AES-256-GCM-SIV (RFC 8452), which a repeated nonce does not break. A sealed text is one byte for the
//! format, four bytes that name the key, the nonce, and the ciphertext with its tag. The kind and the ids of the text
//! are authenticated: it cannot be opened after it was moved to another row or another member.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::SecretString;

use super::{derived, sha256};
use crate::entropy::Entropy;
use crate::error::Fault;

const FORM: u8 = 1;
const NAME_LEN: usize = 4;
const HEAD_LEN: usize = 1 + NAME_LEN + NONCE_LEN;

/// The keys that seal and open texts: see the module.
pub struct AtRest {
    current: Key,
    former: Vec<Key>,
}

struct Key {
    name: [u8; NAME_LEN],
    /// `None` if the library refuses the key, which does not happen at this length.
    key: Option<LessSafeKey>,
}

impl Key {
    fn of(secret: &SecretString) -> Self {
        let key = derived(secret, "belay at rest v1");
        let mut name = [0; NAME_LEN];
        name.copy_from_slice(&sha256(&key)[..NAME_LEN]);
        let key = UnboundKey::new(&AES_256_GCM_SIV, &key).ok();
        Self {
            name,
            key: key.map(LessSafeKey::new),
        }
    }
}

/// The identity of a sealed text: its kind, and the ids that it belongs to.
pub type What<'a> = &'a [&'a [u8]];

/// Sealed words after reading them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The words.
    Text(String),
    /// No configured secret opens them. The sealed bytes are kept, so that writing the row back loses nothing.
    Unreadable(Vec<u8>),
}

impl Opened {
    /// Returns the words.
    ///
    /// # Errors
    /// If they cannot be read. The fault concerns only the field that shows them.
    pub fn text(&self) -> Result<&str, Fault> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Unreadable(_) => Err(UNREADABLE),
        }
    }

    /// Whether these may be the words. Unreadable words may be any: a repeated request must not be refused because of
    /// them.
    pub fn may_be(&self, text: &str) -> bool {
        match self {
            Self::Text(own) => own == text,
            Self::Unreadable(_) => true,
        }
    }
}

impl From<String> for Opened {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

const UNREADABLE: Fault = Fault::Broken(
    "what is sealed can be opened: a former secret may be missing from at_rest.former_secrets",
);

impl AtRest {
    /// Seals with one secret, and opens texts of the former ones as well.
    pub fn new(secret: &SecretString, former: &[SecretString]) -> Self {
        Self {
            current: Key::of(secret),
            former: former.iter().map(Key::of).collect(),
        }
    }

    /// Seals a text with its identity.
    pub fn seal(&self, entropy: &Entropy, what: What<'_>, text: &str) -> Result<Vec<u8>, Fault> {
        let nonce: [u8; NONCE_LEN] = entropy.bytes();
        let mut sealed = text.as_bytes().to_vec();
        let key = self.current.key.as_ref();
        let key = key.ok_or(Fault::Broken("a derived key has the right length"))?;
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(bound(what)),
            &mut sealed,
        )
        .map_err(|_| Fault::Broken("a text can be sealed"))?;
        let mut out = Vec::with_capacity(HEAD_LEN + sealed.len());
        out.push(FORM);
        out.extend(self.current.name);
        out.extend(nonce);
        out.extend(sealed);
        Ok(out)
    }

    /// Seals words with their identity. Unreadable words stay as they were sealed.
    pub fn seal_again(
        &self,
        entropy: &Entropy,
        what: What<'_>,
        words: &Opened,
    ) -> Result<Vec<u8>, Fault> {
        match words {
            Opened::Text(text) => self.seal(entropy, what, text),
            Opened::Unreadable(sealed) => Ok(sealed.clone()),
        }
    }

    /// Opens words of a row. Unreadable words are counted, and the rest of the row stays readable.
    pub fn read(&self, what: What<'_>, sealed: Vec<u8>) -> Opened {
        if let Ok(text) = self.open(what, &sealed) {
            return Opened::Text(text);
        }
        let kind = what.first().copied().unwrap_or_default();
        let kind = String::from_utf8_lossy(kind).into_owned();
        metrics::counter!("belay_words_unreadable_total", "kind" => kind).increment(1);
        Opened::Unreadable(sealed)
    }

    /// Whether the current secret sealed this, rather than a former one.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        sealed.get(1..=NAME_LEN) == Some(&self.current.name[..])
    }

    /// Returns the names of all keys, the current one first. The names are part of every sealed text and reveal nothing
    /// about the secrets.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let keys = std::iter::once(&self.current).chain(&self.former);
        keys.map(|key| hex::encode(key.name))
    }

    /// Opens a text that was sealed with this identity.
    pub fn open(&self, what: What<'_>, sealed: &[u8]) -> Result<String, Fault> {
        let (head, sealed) = sealed.split_at_checked(HEAD_LEN).ok_or(UNREADABLE)?;
        let (form, head) = head.split_first().ok_or(UNREADABLE)?;
        let (name, nonce) = head.split_at_checked(NAME_LEN).ok_or(UNREADABLE)?;
        if *form != FORM {
            return Err(UNREADABLE);
        }
        let mut keys = std::iter::once(&self.current).chain(&self.former);
        let key = keys.find(|key| key.name == name);
        let key = key.and_then(|key| key.key.as_ref()).ok_or(UNREADABLE)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| UNREADABLE)?;
        let mut text = sealed.to_vec();
        let opened = key.open_in_place(nonce, Aad::from(bound(what)), &mut text);
        let opened = opened.map_err(|_| UNREADABLE)?;
        String::from_utf8(opened.to_vec()).map_err(|_| UNREADABLE)
    }
}

/// Joins the parts, each after its length, so that no two lists of parts give the same bytes.
fn bound(what: What<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in what {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(*part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(letter: &str) -> SecretString {
        letter.repeat(40).into()
    }

    #[test]
    fn a_sealed_text_opens_only_in_its_context() {
        let (keys, entropy) = (AtRest::new(&secret("a"), &[]), Entropy::seeded(1));
        let sealed = keys
            .seal(&entropy, &[b"note", b"mike"], "a hard day")
            .unwrap();
        let opened = |what: What<'_>, sealed: &[u8]| keys.open(what, sealed).ok();
        assert_eq!(
            opened(&[b"note", b"mike"], &sealed).as_deref(),
            Some("a hard day")
        );
        assert_eq!(opened(&[b"note", b"sam"], &sealed), None);
        assert_eq!(opened(&[b"notemike"], &sealed), None);
        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert_eq!(opened(&[b"note", b"mike"], &other), None, "byte {at}");
            assert_eq!(opened(&[b"note", b"mike"], &sealed[..at]), None);
        }
    }

    #[test]
    fn an_unreadable_text_is_written_back_unchanged() {
        let entropy = Entropy::seeded(1);
        let before = AtRest::new(&secret("a"), &[]);
        let sealed = before.seal(&entropy, &[b"note"], "text").unwrap();
        let lost = AtRest::new(&secret("b"), &[]);
        let read = lost.read(&[b"note"], sealed.clone());
        assert!(read.text().is_err());
        let again = lost.seal_again(&entropy, &[b"note"], &read).unwrap();
        assert_eq!(again, sealed);
        assert_eq!(before.read(&[b"note"], again).text().unwrap(), "text");
    }

    #[test]
    fn sealed_bytes_hide_the_text_and_never_repeat() {
        let (keys, entropy) = (AtRest::new(&secret("a"), &[]), Entropy::seeded(1));
        let seal = || keys.seal(&entropy, &[b"note"], "a hard day").unwrap();
        let (one, two) = (seal(), seal());
        assert_ne!(one, two);
        assert!(!one.windows(4).any(|part| part == b"hard"));
    }

    #[test]
    fn a_text_under_a_former_secret_opens_while_the_secret_is_configured() {
        let entropy = Entropy::seeded(1);
        let before = AtRest::new(&secret("a"), &[]);
        let sealed = before.seal(&entropy, &[b"note"], "text").unwrap();
        let after = AtRest::new(&secret("b"), &[secret("a")]);
        assert_eq!(after.open(&[b"note"], &sealed).unwrap(), "text");
        let renewed = after.seal(&entropy, &[b"note"], "text").unwrap();
        assert!(before.open(&[b"note"], &renewed).is_err());
        assert!(
            AtRest::new(&secret("b"), &[])
                .open(&[b"note"], &sealed)
                .is_err()
        );
    }
}
