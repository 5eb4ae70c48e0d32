//! How much somebody may ask for: buckets of points that fill again all the time. What an operation takes out is its
//! price. A member has a bucket, wherever he asks from, and so has a device on which somebody signed in before; everybody
//! else shares that of his address. Whoever floods an address therefore keeps no member out who is behind it.
//!
//! The buckets are this process's own: with several processes, each gives as much. They are kept as the
//! one instant at which they will be full again (the generic cell rate algorithm, ITU-T I.371); of the
//! buckets that are asked for least often some are forgotten, which fills them. Time is [`crate::clock::Clock::uptime`]:
//! where the machine's clock is set back, nobody waits for it to catch up.

use std::convert::Infallible;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_graphql::Value;
use entity::MemberId;
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::operation::Asker;
use crate::account::network;
use crate::config::{BucketConfig, GraphqlConfig};

/// Buckets that are remembered, of each kind.
const REMEMBERED: usize = 50_000;

/// The buckets of this process.
pub struct Budget {
    members: Buckets<MemberId>,
    devices: Buckets<Uuid>,
    addresses: Buckets<IpAddr>,
}

/// What an operation took, and what is left: published with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    requested: u64,
    remaining: u64,
    limit: u64,
    restore_per_second: u64,
}

/// There is too little in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty {
    /// In so long there will be enough.
    pub wait: Duration,
}

/// Does something with the one bucket that somebody's requests are paid from.
macro_rules! of {
    ($budget:expr, $asker:expr, $method:ident, $points:expr, $now:expr) => {
        match ($asker.viewer.member(), $asker.device) {
            (Some(member), _) => $budget.members.$method(&member, $points, $now),
            (None, Some(device)) => $budget.devices.$method(&device, $points, $now),
            (None, None) => $budget
                .addresses
                .$method(&network($asker.address), $points, $now),
        }
    };
}

impl Budget {
    /// Full buckets of the configured size. A device that nobody is signed in on has that of a member.
    pub fn new(config: &GraphqlConfig) -> Self {
        Self {
            members: Buckets::new(&config.member_budget),
            devices: Buckets::new(&config.member_budget),
            addresses: Buckets::new(&config.address_budget),
        }
    }

    /// Takes `points` from the bucket of whoever asks, or nothing. No bucket is asked for more than the smallest that
    /// can be configured holds ([`crate::config::LEAST_POINTS`]): it would say no for ever.
    pub fn take(&self, asker: &Asker, points: u64, now: Duration) -> Result<Receipt, Empty> {
        of!(self, asker, take, points, now)
    }

    /// Whether `points` could be taken.
    pub fn holds(&self, asker: &Asker, points: u64, now: Duration) -> Result<(), Empty> {
        of!(self, asker, holds, points, now)
    }

    /// Takes `points` for what was done already, whether they are there or not. What is owed comes back first, and is
    /// never more than this: who goes on asking for what he cannot pay makes nobody at his address wait for longer.
    pub fn charge(&self, asker: &Asker, points: u64, now: Duration) {
        of!(self, asker, charge, points, now);
    }
}

impl Receipt {
    /// How much was taken.
    pub const fn requested(self) -> u64 {
        self.requested
    }

    /// As it stands in `extensions.cost`.
    pub fn published(self) -> Value {
        let entry = |name, points: u64| (async_graphql::Name::new(name), Value::from(points));
        Value::Object(
            [
                entry("requested", self.requested),
                entry("remaining", self.remaining),
                entry("limit", self.limit),
                entry("restorePerSecond", self.restore_per_second),
            ]
            .into_iter()
            .collect(),
        )
    }
}

struct Buckets<K> {
    /// At how many microseconds of uptime each is full.
    full_at: Cache<K, Arc<AtomicI64>>,
    points: u64,
    per_second: u64,
}

impl<K: Clone + Eq + Hash> Buckets<K> {
    fn new(config: &BucketConfig) -> Self {
        Self {
            full_at: Cache::new(REMEMBERED),
            points: config.points,
            per_second: config.per_second,
        }
    }

    fn bucket(&self, whose: &K) -> Arc<AtomicI64> {
        let full = || Ok::<_, Infallible>(Arc::default());
        let Ok(bucket) = self.full_at.get_or_insert_with(whose, full);
        bucket
    }

    fn take(&self, whose: &K, points: u64, now: Duration) -> Result<Receipt, Empty> {
        let now = micros(now);
        let (Ok(before) | Err(before)) =
            self.bucket(whose)
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
                    self.without(points, full_at, now).ok()
                });
        let missing = self.without(points, before, now)?.saturating_sub(now);
        let left = self.micros(self.points).saturating_sub(missing).max(0);
        Ok(Receipt {
            requested: points,
            remaining: left.unsigned_abs().saturating_mul(self.per_second) / 1_000_000,
            limit: self.points,
            restore_per_second: self.per_second,
        })
    }

    fn holds(&self, whose: &K, points: u64, now: Duration) -> Result<(), Empty> {
        let full_at = self.bucket(whose).load(Ordering::Relaxed);
        self.without(points, full_at, micros(now)).map(drop)
    }

    fn charge(&self, whose: &K, points: u64, now: Duration) {
        let (cost, now) = (self.micros(points), micros(now));
        let deepest = now
            .saturating_add(self.micros(self.points))
            .saturating_add(cost);
        // Always says yes.
        let _ = self
            .bucket(whose)
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
                let charged = full_at.max(now).saturating_add(cost);
                Some(charged.min(deepest.max(full_at)))
            });
    }

    /// When a bucket that is full at `full_at` is full again once so many points are taken out of it.
    fn without(&self, points: u64, full_at: i64, now: i64) -> Result<i64, Empty> {
        let then = full_at.max(now).saturating_add(self.micros(points));
        let wait = then
            .saturating_sub(now)
            .saturating_sub(self.micros(self.points));
        if wait <= 0 {
            return Ok(then);
        }
        let wait = Duration::from_micros(wait.unsigned_abs());
        Err(Empty {
            wait: wait.max(Duration::from_secs(1)),
        })
    }

    /// How long it takes for so many points to come back.
    fn micros(&self, points: u64) -> i64 {
        let micros = points.saturating_mul(1_000_000) / self.per_second.max(1);
        i64::try_from(micros).unwrap_or(i64::MAX)
    }
}

fn micros(uptime: Duration) -> i64 {
    i64::try_from(uptime.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::viewer::{SignedIn, Viewer};

    fn budget() -> Budget {
        let bucket = |points| BucketConfig {
            points,
            per_second: 10,
        };
        Budget {
            members: Buckets::new(&bucket(100)),
            devices: Buckets::new(&bucket(100)),
            addresses: Buckets::new(&bucket(250)),
        }
    }

    fn asker(member: Option<u128>, address: u8) -> Asker {
        let viewer = member.map_or(Viewer::Anonymous, |id| {
            Viewer::Member(SignedIn {
                member: MemberId(Uuid::from_u128(id)),
                session: entity::SessionId(Uuid::from_u128(id)),
            })
        });
        Asker {
            viewer,
            address: Ipv4Addr::new(192, 0, 2, address).into(),
            device: None,
            developer: false,
        }
    }

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let (budget, mike) = (budget(), asker(Some(1), 1));
        let start = Duration::from_secs(1_000);
        let receipt = budget.take(&mike, 60, start).unwrap();
        assert_eq!(
            (receipt.requested, receipt.remaining, receipt.limit),
            (60, 40, 100)
        );
        assert_eq!(
            budget.take(&mike, 60, start),
            Err(Empty {
                wait: Duration::from_secs(2)
            })
        );
        assert_eq!(budget.take(&mike, 40, start).unwrap().remaining, 0);
        let later = start + Duration::from_secs(5);
        assert_eq!(budget.take(&mike, 20, later).unwrap().remaining, 30);
        let much_later = start + Duration::from_hours(1);
        assert_eq!(budget.take(&mike, 100, much_later).unwrap().remaining, 0);
    }

    #[test]
    fn members_and_known_devices_have_a_bucket_each_and_strangers_share_their_addresses() {
        let budget = budget();
        let now = Duration::from_secs(1_000);
        let stranger = asker(None, 1);
        assert!(budget.take(&stranger, 250, now).is_ok());
        assert!(budget.take(&stranger, 10, now).is_err());
        assert!(budget.take(&asker(None, 2), 10, now).is_ok());

        // Whom they share the address with has all of his, and takes nothing from them.
        for member in [1, 2] {
            assert!(budget.take(&asker(Some(member), 1), 100, now).is_ok());
            assert!(budget.take(&asker(Some(member), 2), 10, now).is_err());
        }
        let at_his_device = |device| Asker {
            device: Some(Uuid::from_u128(device)),
            ..stranger
        };
        assert!(budget.take(&at_his_device(1), 100, now).is_ok());
        assert!(budget.take(&at_his_device(1), 10, now).is_err());
        assert!(budget.take(&at_his_device(2), 10, now).is_ok());
        let later = now + Duration::from_secs(1);
        assert_eq!(budget.take(&stranger, 10, later).unwrap().remaining, 0);
    }

    #[test]
    fn what_was_done_is_charged_even_for_what_is_not_there() {
        let (budget, mike) = (budget(), asker(Some(1), 1));
        let now = Duration::from_secs(1_000);
        assert_eq!(budget.holds(&mike, 100, now), Ok(()));
        budget.charge(&mike, 90, now);
        assert_eq!(budget.holds(&mike, 10, now), Ok(()));
        budget.charge(&mike, 30, now);
        let wait = Duration::from_secs(3);
        assert_eq!(budget.holds(&mike, 10, now), Err(Empty { wait }));
        assert!(budget.take(&mike, 1, now).is_err());
        let later = now + Duration::from_secs(3);
        assert_eq!(budget.take(&mike, 10, later).unwrap().remaining, 0);
    }

    #[test]
    fn refusals_without_end_make_a_debt_of_one_and_no_more() {
        let (budget, stranger) = (budget(), asker(None, 1));
        let now = Duration::from_secs(1_000);
        for _ in 0..100_000 {
            budget.charge(&stranger, 10, now);
        }
        let wait = Duration::from_secs(2);
        assert_eq!(budget.holds(&stranger, 10, now), Err(Empty { wait }));
        // What was dearer is owed in full.
        budget.charge(&stranger, 50, now);
        let wait = Duration::from_secs(6);
        assert_eq!(budget.holds(&stranger, 10, now), Err(Empty { wait }));
        budget.charge(&stranger, 10, now);
        assert_eq!(budget.holds(&stranger, 10, now), Err(Empty { wait }));
    }
}
