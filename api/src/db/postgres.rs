//! Connections to PostgreSQL: their settings, and the choice among several hosts.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::config::{DatabaseConfig, PostgresUrl};

/// Each host gets at least this long to answer, however many there are.
const LEAST: Duration = Duration::from_secs(1);

/// The hosts of the URL.
#[derive(Debug)]
pub(super) struct Servers {
    hosts: Vec<PgConnectOptions>,
    /// Whether only a host that accepts writes is used.
    writable: bool,
    /// The host to try first: the one that connected last, or the one after the last failure.
    first: AtomicUsize,
    /// How long connecting to each host may take.
    patience: Duration,
}

impl Servers {
    /// Returns `None` if the URL is not one of PostgreSQL or is invalid.
    pub fn of(config: &DatabaseConfig) -> Option<Self> {
        let PostgresUrl { hosts, writable } = config.postgres()?;
        let share = u32::try_from(hosts.len()).unwrap_or(u32::MAX);
        let patience = Duration::from_secs(config.connect_timeout_seconds) / share.max(1);
        Some(Self {
            hosts: hosts
                .into_iter()
                .map(|host| with_settings(host, config))
                .collect(),
            writable,
            first: AtomicUsize::new(0),
            patience: patience.max(LEAST),
        })
    }

    /// Connects to the first suitable host.
    pub async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let mut faults = Vec::new();
        let begin = self.first.load(Ordering::Relaxed);
        for step in 0..self.hosts.len() {
            let at = (begin + step) % self.hosts.len();
            // If the caller is cancelled while it waits for this host, the next attempt begins with the next host.
            self.first.store(at + 1, Ordering::Relaxed);
            let opened = tokio::time::timeout(self.patience, self.open(at)).await;
            match opened.unwrap_or_else(|_| Err(timed_out())) {
                Ok(connection) => {
                    self.first.store(at, Ordering::Relaxed);
                    return Ok(connection);
                }
                Err(why) => faults.push(self.named(at, why)),
            }
        }
        Err(all(faults))
    }

    /// Adds the host to an I/O error, because the library does not name it.
    fn named(&self, at: usize, why: sqlx::Error) -> sqlx::Error {
        let sqlx::Error::Io(why) = why else {
            return why;
        };
        let host = &self.hosts[at];
        let place = host.get_socket().map_or_else(
            || format!("{}:{}", host.get_host(), host.get_port()),
            |socket| socket.display().to_string(),
        );
        let what = match why.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            io::ErrorKind::TimedOut => format!("no answer within {} s", self.patience.as_secs()),
            _ => why.to_string(),
        };
        sqlx::Error::Io(io::Error::new(why.kind(), format!("{what} at {place}")))
    }

    /// Returns the options of the host that connected last.
    pub fn last_good(&self) -> Option<PgConnectOptions> {
        let at = self.first.load(Ordering::Relaxed) % self.hosts.len().max(1);
        self.hosts.get(at).cloned()
    }

    async fn open(&self, at: usize) -> Result<PgConnection, sqlx::Error> {
        // `connect_with` resolves the host's name each time.
        let mut connection = PgConnection::connect_with(&self.hosts[at]).await?;
        if self.writable {
            // A standby answers "on" as well.
            let (read_only,): (String,) = sqlx::query_as("SHOW transaction_read_only")
                .persistent(false)
                .fetch_one(&mut connection)
                .await?;
            if read_only != "off" {
                let why = "the host accepts no writes";
                return Err(io::Error::new(io::ErrorKind::NotConnected, why).into());
            }
        }
        Ok(connection)
    }
}

/// Merges the errors of all hosts into one. An error that a server sent replaces the others, because it says more than
/// a failed connection.
fn all(faults: Vec<sqlx::Error>) -> sqlx::Error {
    let together = |before: sqlx::Error, why: sqlx::Error| match (before, why) {
        (sqlx::Error::Io(before), sqlx::Error::Io(why)) => {
            sqlx::Error::Io(io::Error::new(why.kind(), format!("{before}; {why}")))
        }
        (sqlx::Error::Io(_), why) => why,
        (before, _) => before,
    };
    let all = faults.into_iter().reduce(together);
    all.unwrap_or_else(|| sqlx::Error::Configuration("no host".into()))
}

/// The error for an answer that did not come in time.
pub(super) fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(io::ErrorKind::TimedOut.into())
}

fn with_settings(host: PgConnectOptions, config: &DatabaseConfig) -> PgConnectOptions {
    let millis = |seconds: u64| (seconds * 1000).to_string();
    let limits = [
        (
            "statement_timeout",
            millis(config.statement_timeout_seconds),
        ),
        ("lock_timeout", millis(config.lock_timeout_seconds)),
        (
            "idle_in_transaction_session_timeout",
            millis(config.idle_in_transaction_seconds),
        ),
        // These apply to the server's socket. Ours is out of reach behind sqlx, so each exchange has a time limit
        // instead.
        (
            "tcp_keepalives_idle",
            config.keepalive_idle_seconds.to_string(),
        ),
        (
            "tcp_keepalives_interval",
            config.keepalive_interval_seconds.to_string(),
        ),
        ("tcp_keepalives_count", config.keepalive_count.to_string()),
        ("tcp_user_timeout", millis(config.tcp_user_timeout_seconds)),
    ];
    host.application_name("belay")
        .options([
            // A transaction that waited for a row must read what was committed meanwhile, whatever default the database
            // or the user has.
            ("default_transaction_isolation", "read committed"),
            // One generic plan for all values of LIMIT costs less than planning a list again for each.
            ("plan_cache_mode", "force_generic_plan"),
            ("timezone", "UTC"),
        ])
        .options(limits)
        .disable_statement_logging()
}
