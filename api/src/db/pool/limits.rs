//! How long what may take, and how many may do it at once.

use std::time::Duration;

use crate::config::DatabaseConfig;
use crate::db::Engine;

/// Time for the server's own limit on a statement to act before ours.
const GRACE: Duration = Duration::from_secs(2);

/// The limits of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time.
    pub places: usize,
    /// How many of them may be used to write at a time.
    pub writers: usize,
    /// Waiting for a connection.
    pub acquire: Duration,
    /// Opening a connection.
    pub connect: Duration,
    /// One exchange. Its connection is given up then.
    pub exchange: Duration,
    /// Nothing was answered, and requests wait: the pool is made anew. `None` where there is no host to go silent.
    pub silence: Option<Duration>,
}

impl Limits {
    /// The limits that an operator has chosen.
    pub fn of(config: &DatabaseConfig, engine: Engine) -> Self {
        let places = usize::try_from(config.max_connections).unwrap_or(usize::MAX);
        let places = places.clamp(1, 10_000);
        let (writers, silence) = match engine {
            // SQLite lets one write at a time. A queue is fair; its own way of waiting is not.
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
    fn a_quarter_of_the_places_is_kept_for_reads() {
        let writers = |places, engine| {
            let mut config = DatabaseConfig::at("postgres://belay@localhost/belay");
            config.max_connections = places;
            Limits::of(&config, engine).writers
        };
        let of = [2, 3, 4, 8, 20].map(|places| writers(places, Engine::Postgres));
        assert_eq!(of, [1, 2, 3, 6, 15]);
        assert_eq!(writers(8, Engine::Sqlite), 1);
    }
}
