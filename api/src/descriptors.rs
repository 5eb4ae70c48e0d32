//! How many files and connections the system lets this process hold at a time.
//!
//! Most systems start a process with a low limit that it may raise by itself (the soft one, often 1,024), because old
//! programs cannot count further. We can.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::config::Config;

/// Kept back for what is not a member's connection: the operators' listener, the log, files, mail, push and the bus.
const KEPT_BACK: u64 = 128;
/// The embedded database holds three files for each of its connections, and a server's one.
const PER_DATABASE_CONNECTION: u64 = 3;
/// However few there are, somebody must be answered.
const LEAST: u64 = 16;

/// What may be open at a time, or `None` if there is no limit.
pub fn most() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Raises the limit as far as the system allows. Where it does not, the limit stays what it was.
pub fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // Some systems name a maximum that they do not grant; `belay doctor` tells what came of it.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// How many connections of members there may be at a time, so that the rest of the process has what it needs.
pub fn connections(config: &Config) -> usize {
    let database = u64::from(config.database.max_connections);
    let left = most().map(|most| left(most, database));
    let left = left.map_or(usize::MAX, |left| {
        usize::try_from(left).unwrap_or(usize::MAX)
    });
    // A registry of connections counts no further, and no machine serves as many.
    left.min(10_000_000)
}

fn left(most: u64, database: u64) -> u64 {
    let kept_back = KEPT_BACK + database.saturating_mul(PER_DATABASE_CONNECTION);
    // Beside a very low limit everybody gets his half.
    most.saturating_sub(kept_back).max(most / 2).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_kept_back_for_operators_and_the_database() {
        assert_eq!(left(1_024, 8), 872);
        assert_eq!(left(524_288, 8), 524_136);
        assert_eq!(left(256, 64), 128);
        assert_eq!(left(8, 8), LEAST);
    }

    #[test]
    fn the_limit_is_raised_as_far_as_it_may_be() {
        raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
