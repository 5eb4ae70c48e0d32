//! The limit of open files and connections of this process.
//!
//! Most systems start a process with a low soft limit, often 1,024, because old programs cannot handle more. A process
//! may raise it by itself, and we do.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::config::Config;

/// How many are reserved for everything except members' connections: the operators' listener, the log, files, mail,
/// push and the bus.
const KEPT_BACK: u64 = 128;
/// The embedded database opens three files for each of its connections; PostgreSQL needs one.
const PER_DATABASE_CONNECTION: u64 = 3;
/// The least number of members' connections, however low the limit is.
const LEAST: u64 = 16;

/// Returns how many files may be open at a time, or `None` if there is no limit.
pub fn most() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// Raises the limit as far as the system allows. If that fails, the limit stays.
pub fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // Some systems name a maximum that they do not grant. `belay doctor` shows the result.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Returns how many connections of members may be open at a time, so that enough is left for the rest of the process.
pub fn connections(config: &Config) -> usize {
    let database = u64::from(config.database.max_connections);
    let left = most().map(|most| left(most, database));
    let left = left.map_or(usize::MAX, |left| {
        usize::try_from(left).unwrap_or(usize::MAX)
    });
    // The registry of connections counts no further, and no machine serves as many.
    left.min(10_000_000)
}

fn left(most: u64, database: u64) -> u64 {
    let kept_back = KEPT_BACK + database.saturating_mul(PER_DATABASE_CONNECTION);
    // With a very low limit, members get half of it.
    most.saturating_sub(kept_back).max(most / 2).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_descriptors_are_reserved_for_operators_and_the_database() {
        assert_eq!(left(1_024, 8), 872);
        assert_eq!(left(524_288, 8), 524_136);
        assert_eq!(left(256, 64), 128);
        assert_eq!(left(8, 8), LEAST);
    }

    #[test]
    fn the_soft_limit_is_raised_to_the_hard_limit() {
        raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
