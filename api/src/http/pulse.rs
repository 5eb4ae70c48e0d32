//! How often a peer is asked whether he is there, and when he is given up: one beat for sockets, event streams and
//! the connections below them.

use std::time::Duration;

use crate::config::HttpConfig;

/// So many questions without a word from the peer, and he is gone.
pub const MISSES: u32 = 3;

/// The beat of an installation.
#[derive(Clone, Copy, Debug)]
pub struct Pulse(Duration);

impl Pulse {
    /// As it is configured.
    pub const fn of(config: &HttpConfig) -> Self {
        Self(Duration::from_secs(config.socket_ping_seconds))
    }

    /// From one sign of life to the next.
    pub const fn every(self) -> Duration {
        self.0
    }

    /// A peer who takes nothing of what waits for him for so long is given up.
    pub fn stalled(self) -> Duration {
        self.0 * 2
    }

    /// What was sent has arrived within this time, or the connection is given up: together with the time to the next
    /// sign of life that is less than [`free_in`](Self::free_in).
    pub fn unacknowledged(self) -> Duration {
        self.0 * 5 / 2
    }

    /// In so many seconds a peer who went without a word has given his place back, whichever way he was asked.
    pub const fn free_in(self) -> u64 {
        self.0.as_secs() * (MISSES as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_went_without_a_word_is_given_up_in_time() {
        for seconds in [1, 15, 60] {
            let pulse = Pulse(Duration::from_secs(seconds));
            let free_in = Duration::from_secs(pulse.free_in());
            assert!(pulse.every() + pulse.unacknowledged() < free_in);
            assert!(pulse.stalled() < free_in);
        }
    }
}
