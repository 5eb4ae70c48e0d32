//! The rate limit: buckets of points that refill continuously. An operation takes its price out of a bucket.
//!
//! Each member has a bucket, whatever address the member calls from. So does each device with an earlier sign-in. All
//! other callers share the bucket of their address. A caller that floods an address therefore never blocks members
//! behind the same address.
//!
//! The buckets belong to this process: with several processes, each grants the full amount. A bucket is stored as the
//! instant at which it will be full again (the generic cell rate algorithm, ITU-T I.371). The least used buckets are
//! evicted, which refills them. Time is [`crate::clock::Clock::uptime`]: if the machine's clock is set back, nobody
//! waits for it to catch up.

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

use super::operation::Caller;
use crate::account::network;
use crate::config::{BucketConfig, GraphqlConfig};

/// The number of buckets that are remembered, of each kind.
const REMEMBERED: usize = 50_000;

/// The buckets of this process.
pub struct Budget {
    members: Buckets<MemberId>,
    devices: Buckets<Uuid>,
    addresses: Buckets<IpAddr>,
}

/// The points that an operation took and that are left. It is published with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    requested: u64,
    remaining: u64,
    limit: u64,
    restore_per_second: u64,
}

/// There are too few points in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Empty {
    /// The time until there are enough.
    pub wait: Duration,
}

/// Calls a method on the bucket that pays for a caller's requests.
macro_rules! of {
    ($budget:expr, $caller:expr, $method:ident, $points:expr, $now:expr) => {
        match ($caller.viewer.member(), $caller.device) {
            (Some(member), _) => $budget.members.$method(&member, $points, $now),
            (None, Some(device)) => $budget.devices.$method(&device, $points, $now),
            (None, None) => $budget
                .addresses
                .$method(&network($caller.address), $points, $now),
        }
    };
}

impl Budget {
    /// Makes full buckets of the configured size. The bucket of a device has the size of a member's.
    pub fn new(config: &GraphqlConfig) -> Self {
        Self {
            members: Buckets::new(&config.member_budget),
            devices: Buckets::new(&config.member_budget),
            addresses: Buckets::new(&config.address_budget),
        }
    }

    /// Takes all `points` from the caller's bucket, or none of them. `points` must be at most
    /// [`crate::config::LEAST_POINTS`], the size of the smallest bucket that can be configured: a smaller bucket would
    /// refuse for ever.
    pub fn take(&self, caller: &Caller, points: u64, now: Duration) -> Result<Receipt, Empty> {
        of!(self, caller, take, points, now)
    }

    /// Whether `points` could be taken.
    pub fn holds(&self, caller: &Caller, points: u64, now: Duration) -> Result<(), Empty> {
        of!(self, caller, holds, points, now)
    }

    /// Takes `points` for work that is already done, even if the bucket has fewer. The debt is paid back first. It
    /// never exceeds `points`, so that a caller that keeps sending requests it cannot pay for does not lengthen the
    /// wait of others at its address.
    pub fn charge(&self, caller: &Caller, points: u64, now: Duration) {
        of!(self, caller, charge, points, now);
    }
}

impl Receipt {
    /// Returns the points that were taken.
    pub const fn requested(self) -> u64 {
        self.requested
    }

    /// Formats the receipt for `extensions.cost`.
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
    /// For each bucket the uptime, in microseconds, at which it is full.
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
        // `before` is the value that decided, whether the update was made or refused.
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
        // The limit of the debt: one charge below an empty bucket.
        let deepest = now
            .saturating_add(self.micros(self.points))
            .saturating_add(cost);
        // The closure always returns `Some`, so this cannot fail.
        let _ = self
            .bucket(whose)
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
                let charged = full_at.max(now).saturating_add(cost);
                Some(charged.min(deepest.max(full_at)))
            });
    }

    /// Returns when a bucket that is full at `full_at` will be full again after `points` are taken out of it.
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

    /// Returns the microseconds that `points` take to refill.
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

    fn caller(member: Option<u128>, address: u8) -> Caller {
        let viewer = member.map_or(Viewer::Anonymous, |id| {
            Viewer::Member(SignedIn {
                member: MemberId(Uuid::from_u128(id)),
                session: entity::SessionId(Uuid::from_u128(id)),
            })
        });
        Caller {
            viewer,
            address: Ipv4Addr::new(192, 0, 2, address).into(),
            device: None,
            developer: false,
        }
    }

    #[test]
    fn a_bucket_empties_and_refills() {
        let (budget, mike) = (budget(), caller(Some(1), 1));
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
    fn members_and_devices_have_their_own_bucket_and_strangers_share_one_per_address() {
        let budget = budget();
        let now = Duration::from_secs(1_000);
        let stranger = caller(None, 1);
        assert!(budget.take(&stranger, 250, now).is_ok());
        assert!(budget.take(&stranger, 10, now).is_err());
        assert!(budget.take(&caller(None, 2), 10, now).is_ok());

        // The members at the same address have full buckets, and take nothing from the bucket of the address.
        for member in [1, 2] {
            assert!(budget.take(&caller(Some(member), 1), 100, now).is_ok());
            assert!(budget.take(&caller(Some(member), 2), 10, now).is_err());
        }
        let at_his_device = |device| Caller {
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
    fn a_charge_may_exceed_the_remaining_points() {
        let (budget, mike) = (budget(), caller(Some(1), 1));
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
    fn debt_never_exceeds_the_largest_charge() {
        let (budget, stranger) = (budget(), caller(None, 1));
        let now = Duration::from_secs(1_000);
        for _ in 0..100_000 {
            budget.charge(&stranger, 10, now);
        }
        let wait = Duration::from_secs(2);
        assert_eq!(budget.holds(&stranger, 10, now), Err(Empty { wait }));
        // The debt covers the whole of a larger charge.
        budget.charge(&stranger, 50, now);
        let wait = Duration::from_secs(6);
        assert_eq!(budget.holds(&stranger, 10, now), Err(Empty { wait }));
        budget.charge(&stranger, 10, now);
        assert_eq!(budget.holds(&stranger, 10, now), Err(Empty { wait }));
    }
}
