//! Refresh tokens: one chain per session, of which only the newest link is valid.
//!
//! Each secret is derived from the one before it. So a phone that lost an answer can get the same successor again, and
//! the server need not store it. The seal tells a token that this server issued from an invented one: only an issued
//! token that comes back too late was stolen.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use entity::{MemberId, SessionId};
use secrecy::SecretString;
use uuid::Uuid;

use crate::keys::{Keys, Purpose, SecretIndex, same, sha256};

const SEAL: usize = 16;
const LENGTH: usize = 16 + 4 + 32 + SEAL;

/// The state of a session's chain.
pub(super) struct Chain<'a> {
    /// How many links came before the newest.
    pub generation: i32,
    /// SHA-256 of the newest link's secret.
    pub secret_hash: &'a [u8],
    /// The newest generation whose tokens were used.
    pub confirmed: i32,
    /// Whether the newest link was issued a moment ago.
    pub in_grace: bool,
}

/// A refresh token's place in its session's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenState {
    /// The newest link: it is exchanged.
    Newest,
    /// The link before the newest, which the device may not have received yet: it is answered with the newest again.
    Predecessor,
    /// Its successor has been used: the sender holds a copy.
    Copied,
    /// Not a link of this chain: an older copy of the database was restored.
    Unknown,
}

/// An authentic refresh token: issued by this server, and perhaps still valid.
pub(super) struct RefreshToken {
    pub session: SessionId,
    /// How many links came before it.
    pub generation: i32,
    secret: [u8; 32],
    /// The installation's secret that sealed the token. It also derives the successor, so that a repeated request gets
    /// the same one after the secret was changed.
    made_with: SecretIndex,
}

impl RefreshToken {
    /// Derives the first token of a session that was opened at `opened_at`. An app chooses the session's id and may
    /// choose it again once the session is forgotten; the instant keeps the tokens from being the same.
    pub fn first(
        keys: &Keys,
        member: MemberId,
        session: SessionId,
        opened_at: DateTime<Utc>,
    ) -> Self {
        let opened_at = opened_at.timestamp_micros().to_be_bytes();
        let parts: [&[u8]; 4] = [
            b"first",
            session.0.as_bytes(),
            member.0.as_bytes(),
            &opened_at,
        ];
        Self {
            session,
            generation: 0,
            secret: keys.mac(Purpose::Refresh, &parts),
            made_with: 0,
        }
    }

    /// Derives the next token.
    pub fn successor(&self, keys: &Keys) -> Self {
        let generation = self.generation.to_be_bytes();
        let parts: [&[u8]; 4] = [
            b"next",
            self.session.0.as_bytes(),
            &generation,
            &self.secret,
        ];
        Self {
            session: self.session,
            generation: self.generation.saturating_add(1),
            secret: keys.mac_with(self.made_with, Purpose::Refresh, &parts),
            made_with: 0,
        }
    }

    /// Returns the token's place in `chain`; `next` is its successor.
    pub fn state(&self, next: &Self, chain: &Chain<'_>) -> TokenState {
        let newest_is = |token: &Self| {
            chain.generation == token.generation && same(chain.secret_hash, &token.hash())
        };
        if newest_is(self) {
            TokenState::Newest
        } else if newest_is(next) && (chain.in_grace || chain.confirmed < next.generation) {
            TokenState::Predecessor
        } else if chain.generation > self.generation {
            TokenState::Copied
        } else {
            TokenState::Unknown
        }
    }

    /// Reads a token. Returns `None` if this server did not issue it.
    pub fn open(keys: &Keys, text: &str) -> Option<Self> {
        let bytes: [u8; LENGTH] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, rest) = rest.split_first_chunk::<4>()?;
        let (secret, seal) = rest.split_first_chunk::<32>()?;
        let token = Self {
            session: SessionId(Uuid::from_bytes(*session)),
            generation: i32::from_be_bytes(*generation),
            secret: *secret,
            made_with: 0,
        };
        let generation = token.generation.to_be_bytes();
        let made_with = keys.made_with(Purpose::Refresh, &token.sealed(&generation), seal)?;
        Some(Self { made_with, ..token })
    }

    /// Returns the token as a device stores it.
    pub fn text(&self, keys: &Keys) -> SecretString {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(self.session.0.as_bytes());
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(self.secret);
        bytes.extend(self.seal(keys));
        URL_SAFE_NO_PAD.encode(bytes).into()
    }

    /// Returns the hash that the database stores.
    pub fn hash(&self) -> Vec<u8> {
        sha256(&self.secret).to_vec()
    }

    fn seal(&self, keys: &Keys) -> [u8; SEAL] {
        let generation = self.generation.to_be_bytes();
        let mac = keys.mac(Purpose::Refresh, &self.sealed(&generation));
        let mut seal = [0; SEAL];
        seal.copy_from_slice(&mac[..SEAL]);
        seal
    }

    /// Returns the parts that the seal covers.
    fn sealed<'a>(&'a self, generation: &'a [u8; 4]) -> [&'a [u8]; 4] {
        [b"seal", self.session.0.as_bytes(), generation, &self.secret]
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_predecessor_is_valid_until_its_successor_is_confirmed_and_during_the_grace_period() {
        let keys = Keys::derive(&"0123456789abcdef0123456789abcdef".into());
        let session = SessionId(Uuid::from_u128(2));
        let member = MemberId(Uuid::from_u128(1));
        let first = RefreshToken::first(&keys, member, session, DateTime::UNIX_EPOCH);
        let second = first.successor(&keys);
        let third = second.successor(&keys);
        let fourth = third.successor(&keys);
        let fifth = fourth.successor(&keys);
        let hash = third.hash();
        let state = |token: &RefreshToken, next, confirmed, in_grace| {
            let chain = Chain {
                generation: third.generation,
                secret_hash: &hash,
                confirmed,
                in_grace,
            };
            token.state(next, &chain)
        };
        for in_grace in [false, true] {
            for confirmed in [1, 2] {
                let of = |token, next| state(token, next, confirmed, in_grace);
                let second_is = if confirmed == 1 || in_grace {
                    TokenState::Predecessor
                } else {
                    TokenState::Copied
                };
                assert_eq!(of(&third, &fourth), TokenState::Newest);
                assert_eq!(of(&second, &third), second_is);
                assert_eq!(of(&first, &second), TokenState::Copied);
                assert_eq!(of(&fourth, &fifth), TokenState::Unknown);
            }
        }
    }

    #[test]
    fn a_token_round_trips_and_a_changed_one_is_refused() {
        let keys = Keys::derive(&"0123456789abcdef0123456789abcdef".into());
        let opened = |at| {
            let (member, session) = (Uuid::from_u128(1), Uuid::from_u128(2));
            RefreshToken::first(&keys, member.into(), session.into(), at)
        };
        let first = opened(DateTime::UNIX_EPOCH);
        let reopened = opened(DateTime::UNIX_EPOCH + chrono::TimeDelta::days(31));
        assert_ne!(first.hash(), reopened.hash());
        let second = first.successor(&keys);
        let text = second.text(&keys);
        let read = RefreshToken::open(&keys, text.expose_secret()).unwrap();
        assert_eq!((read.session, read.generation), (second.session, 1));
        assert_eq!(read.hash(), second.hash());
        assert_ne!(read.hash(), first.hash());

        let bytes = URL_SAFE_NO_PAD.decode(text.expose_secret()).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert!(
                RefreshToken::open(&keys, &changed).is_none(),
                "byte {place}"
            );
        }
        let others = Keys::derive(&"fedcba9876543210fedcba9876543210".into());
        assert!(RefreshToken::open(&others, text.expose_secret()).is_none());
        assert!(RefreshToken::open(&keys, "").is_none());
    }

    #[test]
    fn after_a_secret_rotation_a_lost_response_repeats_and_new_tokens_use_the_new_secret() {
        let (old, new) = ("a".repeat(40), "b".repeat(40));
        let before = Keys::derive(&old.clone().into());
        let after = Keys::with_former(&new.clone().into(), &[old.into()]);
        let ids = (MemberId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        let first = RefreshToken::first(&before, ids.0, ids.1, DateTime::UNIX_EPOCH);
        let lost = first.successor(&before);
        let text = first.text(&before);
        let again = RefreshToken::open(&after, text.expose_secret()).unwrap();
        let again = again.successor(&after);
        assert_eq!(again.hash(), lost.hash());
        // Tokens issued now no longer need the old secret.
        let alone = Keys::derive(&new.into());
        let text = again.text(&after);
        let next = RefreshToken::open(&alone, text.expose_secret()).unwrap();
        let both = RefreshToken::open(&after, text.expose_secret()).unwrap();
        assert_eq!(next.successor(&alone).hash(), both.successor(&after).hash());
    }
}
