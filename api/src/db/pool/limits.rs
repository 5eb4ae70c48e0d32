//! The limits of a pool: times, and numbers of connections.

use std::time::Duration;

use crate::config::DatabaseConfig;
use crate::db::Engine;

/// Time for the server's own limit on a statement to act before ours.
const GRACE: Duration = Duration::from_secs(2);

/// The limits of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The number of connections.
    pub places: usize,
    /// How many of them may write at the same time.
    pub writers: usize,
    /// How long to wait for a connection.
    pub acquire: Duration,
    /// How long opening a connection may take.
    pub connect: Duration,
    /// How long one exchange may take. Then its connection is closed.
    pub exchange: Duration,
    /// If nothing is answered for this long while requests wait, the pool is replaced. `None` for SQLite, which has no
    /// host that could go silent.
    pub silence: Option<Duration>,
}

impl Limits {
    /// Returns the limits from the configuration.
    pub fn of(config: &DatabaseConfig, engine: Engine) -> Self {
        let places = usize::try_from(config.max_connections).unwrap_or(usize::MAX);
        let places = places.clamp(1, 10_000);
        let (writers, silence) = match engine {
            // SQLite allows one writer at a time. Our queue is fair; SQLite's own waiting is not.
            Engine::Sqlite => (1, None),
            Engine::Postgres => (
                (places - places.div_ceil(4)).max(1),
                Some(Duration::from_secs(config.silence_seconds)),
            ),
        };
        Self {
            places,
            writers,
            acquire: Duration::from_secs(config.acquire_timeout_seconds),
            connect: Duration::from_secs(config.connect_timeout_seconds),
            exchange: Duration::from_secs(config.statement_timeout_seconds) + GRACE,
            silence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_connections_is_reserved_for_reads() {
        let writers = |connections, engine| {
            let mut config = DatabaseConfig::at("postgres://belay@localhost/belay");
            config.max_connections = connections;
            Limits::of(&config, engine).writers
        };
        let of = [2, 3, 4, 8, 20].map(|connections| writers(connections, Engine::Postgres));
        assert_eq!(of, [1, 2, 3, 6, 15]);
        assert_eq!(writers(8, Engine::Sqlite), 1);
    }
}
