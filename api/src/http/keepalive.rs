//! The keepalive interval of sockets, event streams and the connections below them, and when a peer is given up.

use std::time::Duration;

use crate::config::HttpConfig;

/// A peer that misses this many pings in a row is gone.
pub const MISSES: u32 = 3;

/// The keepalive interval.
#[derive(Clone, Copy, Debug)]
pub struct Keepalive(Duration);

impl Keepalive {
    /// Takes the interval from the configuration.
    pub const fn of(config: &HttpConfig) -> Self {
        Self(Duration::from_secs(config.socket_ping_seconds))
    }

    /// The time from one ping to the next.
    pub const fn every(self) -> Duration {
        self.0
    }

    /// A peer that reads nothing for this long, while data waits for it, is given up.
    pub fn stalled(self) -> Duration {
        self.0 * 2
    }

    /// `TCP_USER_TIMEOUT`: data that stays unacknowledged for this long closes the connection. Together with the time
    /// to the next ping, this is less than [`free_in`](Self::free_in).
    pub fn unacknowledged(self) -> Duration {
        self.0 * 5 / 2
    }

    /// The seconds after which a peer that vanished has given its place back, on every transport.
    pub const fn free_in(self) -> u64 {
        self.0.as_secs() * (MISSES as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vanished_peer_is_dropped_in_time() {
        for seconds in [1, 15, 60] {
            let keepalive = Keepalive(Duration::from_secs(seconds));
            let free_in = Duration::from_secs(keepalive.free_in());
            assert!(keepalive.every() + keepalive.unacknowledged() < free_in);
            assert!(keepalive.stalled() < free_in);
        }
    }
}
