//! Reads the layers of the configuration and merges them.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format as _, Toml};

use super::env::Environment;
use super::fault::SECRETS;
use super::{Config, ConfigError, Fault, check, fault, postgres_url};

/// The defaults, which are also the manual.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// The file that is read if none is named.
const FILE: &str = "belay.toml";

/// Loads the defaults, then the named file or else `belay.toml` if it exists, then the environment.
pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
    if let Some(file) = file
        && let Err(error) = std::fs::read_to_string(file)
    {
        return Err(ConfigError(vec![Fault {
            key: "--config".to_owned(),
            fault: format!("{} cannot be read: {error}", file.display()),
            allowed: "the path of a TOML file".to_owned(),
        }]));
    }
    let file = file.unwrap_or(Path::new(FILE));
    let mut layers = Figment::from(Toml::string(DEFAULTS));
    if file.exists() {
        layers = layers.merge(Toml::file_exact(file));
    }
    load_from(&layers.merge(Environment))
}

/// Returns the configuration file that [`load`] reads if it holds a secret.
pub fn file_with_secrets(file: Option<&Path>) -> Option<PathBuf> {
    let file = file.unwrap_or(Path::new(FILE));
    if !file.exists() {
        return None;
    }
    let layer = Figment::from(Toml::file_exact(file));
    let holds = |key: &&str| {
        let value = layer.find_value(key).ok();
        value.is_some_and(|value| is_secret(key, value.as_str().unwrap_or_default()))
    };
    SECRETS.iter().any(holds).then(|| file.to_owned())
}

/// Whether the value of such a key is secret. A URL may hold nothing but an address.
fn is_secret(key: &str, value: &str) -> bool {
    match key {
        "database.url" if value.starts_with("sqlite:") => false,
        "database.url" => postgres_url::shown(value).is_none_or(|shown| shown != value),
        "push.fcm.base_url" | "bus.url" => value.contains('@'),
        _ => !value.is_empty(),
    }
}

/// Extracts the configuration from the layers and checks it.
pub fn load_from(layers: &Figment) -> Result<Config, ConfigError> {
    let config: Config = layers
        .extract()
        .map_err(|faults| ConfigError(faults.into_iter().map(fault::of_layer).collect()))?;
    let faults = check::check(&config);
    if faults.is_empty() {
        Ok(config)
    } else {
        Err(ConfigError(faults))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_secret_only_if_it_has_a_password() {
        for (key, value, expected) in [
            ("database.url", "sqlite:///var/lib/belay/belay.db", false),
            (
                "database.url",
                "postgres://belay@db.example.org/belay",
                false,
            ),
            (
                "database.url",
                "postgres://belay@db.example.org/belay?sslmode=require",
                false,
            ),
            (
                "database.url",
                "postgres://belay:hunter2@db.example.org/belay",
                true,
            ),
            ("bus.url", "nats://nats.example.org:4222", false),
            ("bus.url", "nats://belay:hunter2@nats.example.org", true),
            ("auth.secret", "", false),
            ("auth.secret", "hunter2", true),
        ] {
            assert_eq!(is_secret(key, value), expected, "{key} {value}");
        }
    }
}
