//! The environment as a layer over the file.

use std::collections::HashSet;

use figment::providers::{Env, Format as _, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::DEFAULTS;

/// Variables called `BELAY_…`, with `__` between the parts of a key. If the default is text, the variable is text,
/// whatever it looks like: a password of digits keeps its leading zeros.
pub(super) struct Environment;

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("the environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let (texts, tables) = text_keys_and_tables();
        let mut layer = Figment::new();
        for (key, text) in Env::prefixed("BELAY_").split("__").iter() {
            // Variables have no order: it would be chance whether the table or a key in it wins.
            if tables.contains(key.as_str()) {
                let fault = figment::Error::from("is a table: set the keys in it".to_owned());
                return Err(fault.with_path(key.as_str()));
            }
            let value = if texts.contains(key.as_str()) {
                Value::from(text)
            } else {
                // Parsing a value cannot fail: a value of no other type is text.
                text.parse().unwrap_or_else(|_| Value::from(text))
            };
            layer = layer.merge((key.as_str(), value));
        }
        layer.data()
    }
}

/// The variable that sets a key.
pub fn variable(key: &str) -> String {
    format!("BELAY_{}", key.replace('.', "__").to_uppercase())
}

/// The keys whose default is text, and the tables.
fn text_keys_and_tables() -> (HashSet<String>, HashSet<String>) {
    fn walk(prefix: &str, table: &Dict, found: &mut (HashSet<String>, HashSet<String>)) {
        for (name, value) in table {
            let key = format!("{prefix}{name}");
            match value {
                Value::Dict(_, table) => {
                    walk(&format!("{key}."), table, found);
                    found.1.insert(key);
                }
                Value::String(..) => {
                    found.0.insert(key);
                }
                _ => {}
            }
        }
    }
    let mut found = Default::default();
    if let Ok(defaults) = Figment::from(Toml::string(DEFAULTS)).extract::<Dict>() {
        walk("", &defaults, &mut found);
    }
    found
}
