//! How much a member, and an address, may ask for: buckets of points that fill again all the time. What an
//! operation takes out is its price.
//!
//! The buckets are this process's own: with several processes, each gives as much. They are kept as the
//! one instant at which they will be full again (the generic cell rate algorithm, ITU-T I.371); of the
//! buckets that are asked for least often some are forgotten, which fills them.

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_graphql::Value;
use chrono::{DateTime, Utc};
use entity::MemberId;
use quick_cache::sync::Cache;

use super::operation::Asker;
use crate::account::network;
use crate::config::{BucketConfig, GraphqlConfig};

/// Buckets that are remembered, of each kind.
const REMEMBERED: usize = 50_000;

/// The buckets of this process.
pub struct Budget {
    members: Buckets<MemberId>,
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

/// Why nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is too little in the bucket; in so long there will be enough.
    Empty(Duration),
    /// A full bucket does not hold so much.
    TooDear {
        /// What a full one holds.
        limit: u64,
    },
}

impl Budget {
    /// Full buckets of the configured size.
    pub fn new(config: &GraphqlConfig) -> Self {
        Self {
            members: Buckets::new(&config.member_budget),
            addresses: Buckets::new(&config.address_budget),
        }
    }

    /// Takes `points` from the buckets of whoever asks; nothing is taken from a bucket that holds less.
    pub fn take(&self, asker: &Asker, points: u64, now: DateTime<Utc>) -> Result<Receipt, Refused> {
        let of_address = self.addresses.take(&network(asker.address), points, now)?;
        match asker.viewer.member() {
            Some(member) => self.members.take(&member, points, now),
            None => Ok(of_address),
        }
    }
}

impl Receipt {
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
    /// Microseconds since the Unix epoch at which each is full.
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

    fn take(&self, whose: &K, points: u64, now: DateTime<Utc>) -> Result<Receipt, Refused> {
        if points > self.points {
            return Err(Refused::TooDear { limit: self.points });
        }
        let bucket = self
            .full_at
            .get_or_insert_with(whose, || Ok::<_, Refused>(Arc::default()))?;
        let now = now.timestamp_micros();
        let (cost, full) = (self.micros(points), self.micros(self.points));
        let mut wait = 0;
        let taken = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let then = full_at.max(now).saturating_add(cost);
            wait = then.saturating_sub(now).saturating_sub(full);
            (wait <= 0).then_some(then)
        });
        let Ok(before) = taken else {
            let wait = Duration::from_micros(wait.unsigned_abs());
            return Err(Refused::Empty(wait.max(Duration::from_secs(1))));
        };
        let missing = before.max(now).saturating_add(cost).saturating_sub(now);
        let left = full.saturating_sub(missing).max(0).unsigned_abs();
        Ok(Receipt {
            requested: points,
            remaining: left.saturating_mul(self.per_second) / 1_000_000,
            limit: self.points,
            restore_per_second: self.per_second,
        })
    }

    /// How long it takes for so many points to come back.
    fn micros(&self, points: u64) -> i64 {
        let micros = points.saturating_mul(1_000_000) / self.per_second.max(1);
        i64::try_from(micros).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use uuid::Uuid;

    use super::*;
    use crate::account::{SignedIn, Viewer};

    fn budget() -> Budget {
        let bucket = |points| BucketConfig {
            points,
            per_second: 10,
        };
        Budget {
            members: Buckets::new(&bucket(100)),
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
            developer: false,
        }
    }

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let (budget, mike) = (budget(), asker(Some(1), 1));
        let start = DateTime::from_timestamp(1_773_144_000, 0).unwrap();
        let receipt = budget.take(&mike, 60, start).unwrap();
        assert_eq!(
            (receipt.requested, receipt.remaining, receipt.limit),
            (60, 40, 100)
        );
        assert_eq!(
            budget.take(&mike, 60, start),
            Err(Refused::Empty(Duration::from_secs(2)))
        );
        assert_eq!(budget.take(&mike, 40, start).unwrap().remaining, 0);
        let later = start + chrono::TimeDelta::seconds(5);
        assert_eq!(budget.take(&mike, 20, later).unwrap().remaining, 30);
        let too_dear = budget.take(&mike, 101, later);
        assert_eq!(too_dear, Err(Refused::TooDear { limit: 100 }));
        let much_later = start + chrono::TimeDelta::hours(1);
        assert_eq!(budget.take(&mike, 100, much_later).unwrap().remaining, 0);
    }

    #[test]
    fn members_have_a_bucket_each_and_share_their_addresses() {
        let budget = budget();
        let now = DateTime::from_timestamp(1_773_144_000, 0).unwrap();
        for member in [1, 2] {
            assert!(budget.take(&asker(Some(member), 1), 100, now).is_ok());
        }
        assert!(budget.take(&asker(Some(3), 1), 60, now).is_err());
        assert!(budget.take(&asker(Some(3), 2), 60, now).is_ok());
        assert_eq!(budget.take(&asker(None, 1), 50, now).unwrap().remaining, 0);
    }
}
