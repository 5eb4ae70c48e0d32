//! The one door through which randomness comes in, and the ids that are made of it.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::clock::Clock;

/// A source of randomness: the operating system's, or a test's seeded one.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    System,
    /// SHA-256 over the seed and a counter: repeatable, and good enough to look random.
    Seeded(Arc<Mutex<(u64, u64)>>),
}

impl Entropy {
    /// The operating system's generator.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// The same bytes in the same order for the same seed; for tests and the demonstration.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new((seed, 0)))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system gives none: nothing safe could go on then.
    #[allow(clippy::disallowed_methods, reason = "this is the door")]
    #[allow(
        clippy::expect_used,
        reason = "no caller could do anything safe without randomness"
    )]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        match &self.0 {
            Source::System => {
                aws_lc_rs::rand::fill(&mut out).expect("the operating system gives randomness");
            }
            Source::Seeded(state) => {
                for chunk in out.chunks_mut(digest::SHA256_OUTPUT_LEN) {
                    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                    state.1 += 1;
                    let block = [state.0.to_be_bytes(), state.1.to_be_bytes()].concat();
                    let digest = digest::digest(&digest::SHA256, &block);
                    chunk.copy_from_slice(&digest.as_ref()[..chunk.len()]);
                }
            }
        }
        out
    }

    /// A number from 0 up to and without `bound`; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        // The high half of a 128-bit product: the bias is below 2⁻⁶⁴ × bound.
        let word = u64::from_be_bytes(self.bytes());
        u64::try_from((u128::from(word) * u128::from(bound)) >> 64).unwrap_or_default()
    }
}

/// Makes ids: UUIDs of version 7 (RFC 9562 §5.7), which sort by the time they were made, and of version 4 where others
/// see an id and are not to learn when it was made.
#[derive(Clone)]
pub struct Ids {
    clock: Clock,
    entropy: Entropy,
}

impl Ids {
    /// Ids dated by `clock` and made unguessable by `entropy`.
    pub const fn new(clock: Clock, entropy: Entropy) -> Self {
        Self { clock, entropy }
    }

    /// A new id of the wanted type that tells nothing, not even when it was made: a UUID of version 4 (RFC 9562 §5.4).
    pub fn random<I: From<Uuid>>(&self) -> I {
        uuid::Builder::from_random_bytes(self.entropy.bytes())
            .into_uuid()
            .into()
    }

    /// A new id of the wanted type.
    pub fn next<I: From<Uuid>>(&self) -> I {
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or_default();
        let random = self.entropy.bytes();
        uuid::Builder::from_unix_timestamp_millis(millis, &random)
            .into_uuid()
            .into()
    }
}

/// The least id of version 7 that could be made at an instant, or before the epoch of any: ids sort by when they were
/// made.
pub fn first_id_at(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_differs() {
        let draw = |seed| Entropy::seeded(seed).bytes::<40>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        let entropy = Entropy::seeded(7);
        assert!((0..1000).all(|_| entropy.below(3) < 3));
        assert_eq!(entropy.below(0), 0);
    }

    #[test]
    fn ids_are_version_seven_and_sort_by_time() {
        let clock = Clock::manual(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
        let ids = Ids::new(clock.clone(), Entropy::seeded(1));
        let first: Uuid = ids.next();
        clock.advance(chrono::TimeDelta::milliseconds(1)).unwrap();
        let second: Uuid = ids.next();
        assert_eq!(first.get_version_num(), 7);
        assert!(first < second);
    }
}
