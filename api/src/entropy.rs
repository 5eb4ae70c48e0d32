//! The only source of randomness, and the ids that are made from it.

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
    /// SHA-256 over the seed and a counter: repeatable, and random enough for tests.
    Seeded(Arc<Mutex<(u64, u64)>>),
}

impl Entropy {
    /// Returns the operating system's generator.
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// Returns a generator that gives the same bytes for the same seed. For tests and the demonstration.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new((seed, 0)))))
    }

    /// Returns `N` random bytes.
    ///
    /// # Panics
    /// If the operating system gives none: nothing could go on safely.
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

    /// Returns a random number below `bound`, or 0 if `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        // The high half of a 128-bit product: the bias is below 2⁻⁶⁴ × bound.
        let word = u64::from_be_bytes(self.bytes());
        u64::try_from((u128::from(word) * u128::from(bound)) >> 64).unwrap_or_default()
    }
}

/// Generates ids: UUIDs of version 7 (RFC 9562 §5.7), which sort by their time of creation, and of version 4 if others
/// see the id and must not learn that time.
#[derive(Clone)]
pub struct Ids {
    clock: Clock,
    entropy: Entropy,
}

impl Ids {
    /// Creates a generator that takes the time from `clock` and the random bits from `entropy`.
    pub const fn new(clock: Clock, entropy: Entropy) -> Self {
        Self { clock, entropy }
    }

    /// Returns a new id that reveals nothing, not even when it was created: a UUID of version 4 (RFC 9562 §5.4).
    pub fn random<I: From<Uuid>>(&self) -> I {
        uuid::Builder::from_random_bytes(self.entropy.bytes())
            .into_uuid()
            .into()
    }

    /// Returns a new id: a UUID of version 7.
    pub fn next<I: From<Uuid>>(&self) -> I {
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or_default();
        let random = self.entropy.bytes();
        uuid::Builder::from_unix_timestamp_millis(millis, &random)
            .into_uuid()
            .into()
    }
}

/// Returns a bound for ids of version 7: ids created before this millisecond are less, and all others are greater or
/// equal. For instants before the epoch no id is less.
pub fn first_id_at(at: DateTime<Utc>) -> Uuid {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_repeat_and_different_seeds_differ() {
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
