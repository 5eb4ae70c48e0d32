//! Time limits that cannot hold together. Each is sound alone, so that the start only warns of them.

use super::Config;

impl Config {
    /// What is risky in how the time limits of the database go together, in words for the operator.
    pub fn risky_limits(&self) -> Vec<&'static str> {
        let database = &self.database;
        let mut risks = Vec::new();
        let mut risk = |is_risky: bool, why| {
            if is_risky {
                risks.push(why);
            }
        };
        risk(
            database.statement_timeout_seconds >= self.http.operation_timeout_seconds,
            "database.statement_timeout_seconds is not below http.operation_timeout_seconds: a slow statement goes on \
             after its request was given up",
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
            "database.lock_timeout_seconds is not below database.statement_timeout_seconds: who waits for a lock fails, \
             and is not tried again",
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
    fn limits_that_cannot_hold_together_are_told() {
        let risks = |settings: &str| {
            let layers = Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(settings));
            load_from(&layers).unwrap().risky_limits()
        };
        let postgres = "[database]\nurl = 'postgres://belay@localhost/belay'\n";
        assert_eq!(risks(""), [""; 0]);
        assert_eq!(risks(postgres), [""; 0]);
        for (settings, word) in [
            ("statement_timeout_seconds = 15", "statement_timeout"),
            ("connect_timeout_seconds = 5", "connect_timeout"),
            ("silence_seconds = 4", "silence"),
            (
                "lock_timeout_seconds = 10\nsilence_seconds = 11",
                "lock_timeout",
            ),
        ] {
            let told = risks(&format!("{postgres}{settings}"));
            assert!(
                told.len() == 1 && told[0].contains(word),
                "{settings}: {told:?}"
            );
        }
    }
}
