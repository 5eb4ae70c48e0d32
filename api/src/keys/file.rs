//! Loads the secret: from the configuration, or in development from a file beside the embedded database that the first
//! start creates.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use super::Keys;
use super::at_rest::AtRest;
use crate::config::{AtRestConfig, Config, ConfigError, Fault, Mode};
use crate::entropy::Entropy;

const ALLOWED: &str = "at least 32 random characters (openssl rand -base64 48)";
/// As for `auth.secret`.
const MIN_LENGTH: usize = 32;

/// Where the secret of an installation is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// In the configuration.
    Configured,
    /// In this file, which is created when it is needed.
    File(PathBuf),
    /// Nowhere: no secret is configured, and there is no file for one.
    Nowhere,
}

/// Returns where the secret is kept. Changes nothing.
pub fn place(config: &Config) -> SecretPlace {
    if !config.auth.secret.expose_secret().is_empty() {
        return SecretPlace::Configured;
    }
    match config.database.sqlite_path() {
        Some(database) if config.mode == Mode::Development => {
            SecretPlace::File(database.with_file_name("belay.key"))
        }
        _ => SecretPlace::Nowhere,
    }
}

impl Keys {
    /// Loads the keys of this installation. Creates the key file if it may exist and does not yet.
    pub fn load(config: &Config, entropy: &Entropy) -> Result<Self, ConfigError> {
        Self::load_with(config, |path| read_or_make(path, entropy))
    }

    /// As [`Keys::load`], but never creates the key file.
    pub fn load_existing(config: &Config) -> Result<Self, ConfigError> {
        Self::load_with(config, read)
    }

    fn load_with(
        config: &Config,
        read: impl FnOnce(&Path) -> io::Result<SecretString>,
    ) -> Result<Self, ConfigError> {
        let secret = match place(config) {
            SecretPlace::Configured => config.auth.secret.clone(),
            SecretPlace::File(path) => read(&path).map_err(|error| {
                fault(format!(
                    "is empty, and the key file {} cannot be used: {error}",
                    path.display()
                ))
            })?,
            SecretPlace::Nowhere => {
                return Err(fault(
                    "is empty; only an embedded database in development has a key file".to_owned(),
                ));
            }
        };
        let signed_before = listed(&config.auth.former_secrets);
        let at_rest = at_rest(&config.at_rest, &secret, &signed_before);
        Ok(Self::with_former(&secret, &signed_before).with_at_rest(at_rest))
    }
}

/// Splits a list of secrets at its spaces.
fn listed(secrets: &SecretString) -> Vec<SecretString> {
    let secrets = secrets.expose_secret().split_whitespace();
    secrets.map(SecretString::from).collect()
}

fn at_rest(
    config: &AtRestConfig,
    signing: &SecretString,
    signed_before: &[SecretString],
) -> AtRest {
    let mut former = listed(&config.former_secrets);
    former.extend(signed_before.iter().cloned());
    if config.secret.expose_secret().is_empty() {
        return AtRest::new(signing, &former);
    }
    // The signing secret sealed everything before there was a separate secret for it.
    former.push(signing.clone());
    AtRest::new(&config.secret, &former)
}

fn fault(fault: String) -> ConfigError {
    ConfigError(vec![Fault {
        key: "auth.secret".to_owned(),
        fault,
        allowed: ALLOWED.to_owned(),
    }])
}

fn read_or_make(path: &Path, entropy: &Entropy) -> io::Result<SecretString> {
    match read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    // The file is readable only by its owner from the first byte on. It gets its name only when it is complete, because
    // two processes that start at once must agree on one secret.
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(STANDARD.encode(entropy.bytes::<48>()).as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(refused) => return Err(refused.error),
    }
    read(path)
}

/// Reads an existing key file.
pub fn read(path: &Path) -> io::Result<SecretString> {
    let text = fs::read_to_string(path)?;
    let secret = text.trim();
    if secret.len() < MIN_LENGTH {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it does not hold a secret of 32 characters or more",
        ));
    }
    Ok(secret.into())
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format as _, Toml};

    use super::*;
    use crate::config::{DEFAULTS, load_from};

    fn settings(auth: char, at_rest: &str) -> Figment {
        let secret = auth.to_string().repeat(40);
        let settings = format!("[auth]\nsecret = {secret:?}\n[at_rest]\n{at_rest}");
        Figment::new()
            .merge(Toml::string(DEFAULTS))
            .merge(Toml::string(&settings))
    }

    fn keys(auth: char, at_rest: &str) -> Keys {
        let layers = settings(auth, at_rest);
        Keys::load(&load_from(&layers).unwrap(), &Entropy::seeded(1)).unwrap()
    }

    #[test]
    fn texts_stay_readable_after_every_kind_of_secret_rotation() {
        let entropy = Entropy::seeded(2);
        let sealed = keys('a', "")
            .at_rest()
            .seal(&entropy, &[b"note"], "text")
            .unwrap();
        let opens = |keys: Keys| keys.at_rest().open(&[b"note"], &sealed).is_ok();
        let (old, own) = ("a".repeat(40), "c".repeat(40));
        // A separate secret, and then another signing secret.
        assert!(opens(keys('a', &format!("secret = {own:?}"))));
        assert!(!opens(keys('b', &format!("secret = {own:?}"))));
        assert!(opens(keys(
            'b',
            &format!("secret = {own:?}\nformer_secrets = {old:?}")
        )));
        // No separate secret, and another signing secret.
        assert!(!opens(keys('b', "")));
        // A former signing secret also opens the text.
        let layers = settings('b', "").merge(("auth.former_secrets", old.clone()));
        let changed = Keys::load(&load_from(&layers).unwrap(), &Entropy::seeded(1));
        assert!(opens(changed.unwrap()));
        assert!(opens(keys(
            'b',
            &format!("former_secrets = \"{own} {old}\"")
        )));
    }
}
