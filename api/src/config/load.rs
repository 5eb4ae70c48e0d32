//! Reading the layers and putting them over each other.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format as _, Toml};

use super::{Config, check};

/// The defaults, which are also the manual.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// Everything that keeps the configuration from being used.
#[derive(Debug, thiserror::Error)]
#[error("{}", render(.0))]
pub struct ConfigError(pub Vec<Fault>);

/// One thing that is wrong: the key, what is wrong with its value, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Such as `database.url`.
    pub key: String,
    /// What is wrong. Never a secret's value.
    pub fault: String,
    /// What is allowed; empty where the fault says it.
    pub allowed: String,
}

fn render(faults: &[Fault]) -> String {
    use std::fmt::Write as _;
    let mut out = String::from("the configuration cannot be used:");
    for Fault {
        key,
        fault,
        allowed,
    } in faults
    {
        let _ = write!(out, "\n  {key}: {fault}");
        if !allowed.is_empty() {
            let _ = write!(out, "\n    allowed: {allowed}");
        }
    }
    out
}

/// Loads the defaults, the named file or else `belay.toml` where it exists, and the environment.
pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
    let file = match file {
        Some(file) if !file.is_file() => {
            return Err(ConfigError(vec![Fault {
                key: "--config".to_owned(),
                fault: format!("there is no file {}", file.display()),
                allowed: "the path of a TOML file".to_owned(),
            }]));
        }
        Some(file) => file.to_owned(),
        None => PathBuf::from("belay.toml"),
    };
    load_from(
        &Figment::new()
            .merge(Toml::string(DEFAULTS))
            .merge(Toml::file(file))
            .merge(Env::prefixed("BELAY_").split("__")),
    )
}

/// Extracts and checks what a ready-made stack of layers says.
pub fn load_from(layers: &Figment) -> Result<Config, ConfigError> {
    let config: Config = layers.extract().map_err(|faults| {
        ConfigError(
            faults
                .into_iter()
                .map(|fault| {
                    let origin = fault.metadata.as_ref().map(|from| from.name.to_string());
                    let origin = origin
                        .map(|from| format!(" (in {from})"))
                        .unwrap_or_default();
                    Fault {
                        key: fault.path.join("."),
                        fault: format!("{}{origin}", fault.kind),
                        allowed: check::allowed(&fault.path.join(".")).to_owned(),
                    }
                })
                .collect(),
        )
    })?;
    let faults = check::check(&config);
    if faults.is_empty() {
        Ok(config)
    } else {
        Err(ConfigError(faults))
    }
}
