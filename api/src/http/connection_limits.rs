//! Limits on the number of open sockets and event streams: each holds memory for as long as it is open. Anonymous
//! callers get only a share of their address's slots, so that they cannot keep members out.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use entity::MemberId;

use crate::account::network;
use crate::config::HttpConfig;
use crate::viewer::Viewer;

/// The slots of this process.
pub struct ConnectionLimits {
    addresses: Counts<IpAddr>,
    anonymous: Counts<IpAddr>,
    members: Counts<MemberId>,
}

/// A slot that is taken until this is dropped.
#[must_use = "a slot is free again once this is dropped"]
pub struct Slot<K: Clone + Eq + Hash> {
    of: K,
    counts: Counts<K>,
}

/// The slot of a caller.
pub enum CallerSlot {
    /// Of a signed-in member.
    Member(#[expect(dead_code, reason = "it is held")] Slot<MemberId>),
    /// Of an anonymous caller.
    Anonymous(#[expect(dead_code, reason = "it is held")] Slot<IpAddr>),
}

#[derive(Clone)]
struct Counts<K> {
    taken: Arc<Mutex<HashMap<K, u32>>>,
    most: u32,
}

impl ConnectionLimits {
    /// Takes the limits from the configuration.
    pub fn new(config: &HttpConfig) -> Self {
        Self {
            addresses: Counts::new(config.sockets_per_address),
            anonymous: Counts::new(config.anonymous_sockets_per_address),
            members: Counts::new(config.sockets_per_member),
        }
    }

    /// Takes a slot of the address, or returns `None` if all are taken.
    pub fn of_address(&self, address: IpAddr) -> Option<Slot<IpAddr>> {
        count_refusal("sockets_per_address", self.addresses.take(network(address)))
    }

    /// Takes a slot of the anonymous callers of this address, or returns `None` if all are taken.
    fn of_anonymous(&self, address: IpAddr) -> Option<Slot<IpAddr>> {
        let slot = self.anonymous.take(network(address));
        count_refusal("anonymous_sockets_per_address", slot)
    }

    /// Takes a slot of the caller, in addition to that of the address. Returns `None` if all are taken.
    pub fn of(&self, viewer: Viewer, address: IpAddr) -> Option<CallerSlot> {
        match viewer.member() {
            Some(member) => self.of_member(member).map(CallerSlot::Member),
            None => self.of_anonymous(address).map(CallerSlot::Anonymous),
        }
    }

    /// Takes a slot of the member, or returns `None` if all are taken.
    fn of_member(&self, member: MemberId) -> Option<Slot<MemberId>> {
        count_refusal("sockets_per_member", self.members.take(member))
    }
}

/// Counts a refusal if no slot was free. Returns the slot.
fn count_refusal<T>(limit: &'static str, slot: Option<T>) -> Option<T> {
    if slot.is_none() {
        metrics::counter!("belay_rate_limited_total", "limit" => limit).increment(1);
    }
    slot
}

impl<K: Clone + Eq + Hash> Counts<K> {
    fn new(most: u32) -> Self {
        Self {
            taken: Arc::default(),
            most,
        }
    }

    fn take(&self, of: K) -> Option<Slot<K>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.get(&of).copied().unwrap_or_default();
        if count >= self.most {
            return None;
        }
        taken.insert(of.clone(), count + 1);
        Some(Slot {
            of,
            counts: self.clone(),
        })
    }
}

impl<K: Clone + Eq + Hash> Drop for Slot<K> {
    fn drop(&mut self) {
        let taken = &self.counts.taken;
        let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.of) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_slot_is_free_again() {
        let counts = Counts::new(2);
        let first = counts.take('a').unwrap();
        let _second = counts.take('a').unwrap();
        assert!(counts.take('a').is_none());
        let _other = counts.take('b').unwrap();
        drop(first);
        let third = counts.take('a');
        assert!(third.is_some() && counts.take('a').is_none());
    }

    #[test]
    fn keys_without_slots_are_removed() {
        let counts = Counts::new(2);
        drop((counts.take('a'), counts.take('a')));
        assert!(counts.taken.lock().unwrap().is_empty());
    }
}
