//! Bounds the memory of incoming data: request bodies and socket messages that are not complete yet. Each is small, but
//! a thousand that never end are not.
//!
//! The first kilobytes of each are free, so that ordinary requests are accepted however much others send. Beyond that,
//! one address may hold a share, all together a bounded amount, and anonymous callers at most half of that amount.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::account::network;
use crate::config::HttpConfig;

/// The bytes of each body or message that are free. Most ordinary requests fit in.
const FREE: u64 = 16 * 1024;

/// The incoming data of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct InFlight(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    in_all: u64,
    per_address: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    all: u64,
    anonymous: u64,
    networks: HashMap<IpAddr, u64>,
}

/// There is no room for more at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The memory that one sender holds. It is given back on drop.
#[derive(Debug)]
pub struct Held {
    of: InFlight,
    network: IpAddr,
    anonymous: bool,
    bytes: u64,
}

impl InFlight {
    /// Takes the limits from the configuration.
    pub fn new(config: &HttpConfig) -> Self {
        Self::bounded(config.in_flight_bytes, config.in_flight_bytes_per_address)
    }

    fn bounded(in_all: u64, per_address: u64) -> Self {
        Self(Arc::new(Shared {
            in_all,
            per_address,
            state: Mutex::default(),
        }))
    }

    /// Starts with nothing held, for a sender at this address.
    pub fn of(&self, address: IpAddr, anonymous: bool) -> Held {
        Held {
            of: self.clone(),
            network: network(address),
            anonymous,
            bytes: 0,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, network: IpAddr, anonymous: bool, more: u64) {
        self.all += more;
        if anonymous {
            self.anonymous += more;
        }
        *self.networks.entry(network).or_default() += more;
    }

    fn remove(&mut self, network: IpAddr, anonymous: bool, less: u64) {
        self.all -= less;
        if anonymous {
            self.anonymous -= less;
        }
        if let Some(bytes) = self.networks.get_mut(&network) {
            *bytes -= less;
            if *bytes == 0 {
                self.networks.remove(&network);
            }
        }
    }
}

impl Held {
    /// Sets the bytes that are held. If there is no room for them, keeps the former number and returns [`Full`].
    pub fn hold(&mut self, bytes: u64) -> Result<(), Full> {
        let wanted = bytes.saturating_sub(FREE);
        if wanted == self.bytes {
            return Ok(());
        }
        let shared = &self.of.0;
        let mut state = self.of.state();
        if wanted < self.bytes {
            state.remove(self.network, self.anonymous, self.bytes - wanted);
            self.bytes = wanted;
            return Ok(());
        }
        let more = wanted - self.bytes;
        let here = state.networks.get(&self.network).copied();
        let fits = state.all + more <= shared.in_all
            && here.unwrap_or_default() + more <= shared.per_address
            && (!self.anonymous || state.anonymous + more <= shared.in_all / 2);
        if !fits {
            metrics::counter!("belay_rate_limited_total", "limit" => "in_flight").increment(1);
            return Err(Full);
        }
        state.add(self.network, self.anonymous, more);
        self.bytes = wanted;
        Ok(())
    }

    /// Counts this sender as a member from now on.
    pub fn is_signed_in(&mut self) {
        if std::mem::replace(&mut self.anonymous, false) {
            self.of.state().anonymous -= self.bytes;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.bytes > 0 {
            let mut state = self.of.state();
            state.remove(self.network, self.anonymous, self.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn bytes_in_flight_are_limited_per_address_and_in_total() {
        let all = InFlight::bounded(300 * KIB, 100 * KIB);
        let mut here = all.of(address(1), false);
        assert_eq!(here.hold(116 * KIB), Ok(()));
        assert_eq!(all.of(address(1), false).hold(17 * KIB), Err(Full));
        assert_eq!(
            all.of(address(1), false).hold(16 * KIB),
            Ok(()),
            "this is free"
        );
        let mut others = [2, 3].map(|last| all.of(address(last), false));
        for other in &mut others {
            assert_eq!(other.hold(116 * KIB), Ok(()));
        }
        assert_eq!(all.of(address(4), false).hold(17 * KIB), Err(Full));
        assert_eq!(here.hold(0), Ok(()));
        assert_eq!(all.of(address(4), false).hold(17 * KIB), Ok(()));
    }

    #[test]
    fn anonymous_requests_get_at_most_half() {
        let all = InFlight::bounded(200 * KIB, 200 * KIB);
        let mut stranger = all.of(address(1), true);
        assert_eq!(stranger.hold(116 * KIB), Ok(()));
        assert_eq!(all.of(address(2), true).hold(17 * KIB), Err(Full));
        assert_eq!(all.of(address(1), false).hold(116 * KIB), Ok(()));
        stranger.is_signed_in();
        assert_eq!(all.of(address(2), true).hold(17 * KIB), Ok(()));
    }

    #[test]
    fn dropped_requests_release_their_bytes() {
        let all = InFlight::bounded(100 * KIB, 100 * KIB);
        for anonymous in [true, false] {
            let mut held = all.of(address(1), anonymous);
            held.hold(50 * KIB).unwrap();
            held.hold(30 * KIB).unwrap();
        }
        let state = all.state();
        assert_eq!((state.all, state.anonymous), (0, 0));
        assert!(state.networks.is_empty());
    }
}
