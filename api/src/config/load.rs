//! Reading the layers and putting them over each other.

use std::path::Path;

use figment::Figment;
use figment::providers::{Format as _, Toml};

use super::env::Environment;
use super::{Config, ConfigError, Fault, check, fault};

/// The defaults, which are also the manual.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// Loads the defaults, the named file or else `belay.toml` where it exists, and the environment.
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
    let file = file.unwrap_or(Path::new("belay.toml"));
    let mut layers = Figment::from(Toml::string(DEFAULTS));
    if file.exists() {
        layers = layers.merge(Toml::file_exact(file));
    }
    load_from(&layers.merge(Environment))
}

/// Extracts and checks what a ready-made stack of layers says.
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
