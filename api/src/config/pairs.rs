//! Time limits that conflict. Each is valid alone, so the start only warns of them.

use std::time::Duration;

use super::Config;

impl Config {
    /// Returns a warning for the operator about each risky combination of time limits.
    pub fn risky_limits(&self) -> Vec<&'static str> {
        let (http, database, worker) = (&self.http, &self.database, &self.worker);
        let mut risks = Vec::new();
        let mut risk = |is_risky: bool, why| {
            if is_risky {
                risks.push(why);
            }
        };
        risk(
            database.statement_timeout_seconds >= http.operation_timeout_seconds,
            "database.statement_timeout_seconds is not below http.operation_timeout_seconds: a slow statement goes on \
             after its request was given up",
        );
        risk(
            database.acquire_timeout_seconds >= http.operation_timeout_seconds,
            "database.acquire_timeout_seconds is not below http.operation_timeout_seconds: a request is given up while it \
             waits for a connection",
        );
        risk(
            http.shutdown_seconds <= http.operation_timeout_seconds,
            "http.shutdown_seconds is not above http.operation_timeout_seconds: a process that ends cuts off running \
             requests",
        );
        let lease = Duration::from_secs(worker.lease_seconds.into());
        risk(
            lease / 2 <= fcm::TIMEOUT,
            "worker.lease_seconds is not above twice the 15 seconds that the push provider may take: pushes are sent twice",
        );
        let renewal = database.acquire_timeout_seconds + database.statement_timeout_seconds;
        risk(
            lease * 2 / 3 <= Duration::from_secs(renewal),
            "two thirds of worker.lease_seconds are not above database.acquire_timeout_seconds and \
             database.statement_timeout_seconds together: a lease ends while it is renewed, and the work is done twice",
        );
        if database.postgres().is_none() {
            return risks;
        }
        risk(
            database.connect_timeout_seconds >= database.acquire_timeout_seconds,
            "database.connect_timeout_seconds is not below database.acquire_timeout_seconds: requests give up before it \
             is known that the database is away",
        );
        risk(
            database.lock_timeout_seconds >= database.statement_timeout_seconds,
            "database.lock_timeout_seconds is not below database.statement_timeout_seconds: a statement that waits \
             for a lock fails and is not tried again",
        );
        risk(
            database.silence_seconds <= database.lock_timeout_seconds,
            "database.silence_seconds is not above database.lock_timeout_seconds: a locked table is taken for a silent \
             host",
        );
        risks
    }
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format as _, Toml};

    use crate::config::{DEFAULTS, load_from};

    #[test]
    fn conflicting_limits_are_reported() {
        let risks = |settings: &str| {
            let layers = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(settings));
            load_from(&layers).unwrap().risky_limits()
        };
        let postgres = "[database]\nurl = 'postgres://belay@localhost/belay'\n";
        assert_eq!(risks(""), [""; 0]);
        assert_eq!(risks(postgres), [""; 0]);
        for (settings, word) in [
            ("statement_timeout_seconds = 15", "statement_timeout"),
            ("acquire_timeout_seconds = 15", "acquire_timeout"),
            ("[http]\nshutdown_seconds = 15", "shutdown"),
            ("[worker]\nlease_seconds = 30", "push provider"),
            (
                "statement_timeout_seconds = 40\n[http]\noperation_timeout_seconds = 50\nshutdown_seconds = 60",
                "two thirds",
            ),
            ("connect_timeout_seconds = 5", "connect_timeout"),
            ("silence_seconds = 4", "silence"),
            (
                "lock_timeout_seconds = 10\nsilence_seconds = 11",
                "lock_timeout",
            ),
        ] {
            let found = risks(&format!("{postgres}{settings}"));
            assert!(
                found.len() == 1 && found[0].contains(word),
                "{settings}: {found:?}"
            );
        }
    }
}
