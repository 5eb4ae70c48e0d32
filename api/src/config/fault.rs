//! Faults of a configuration, in messages that repeat no secret.

use figment::error::{Actual, Kind};

use super::check;

/// All faults that keep the configuration from being used.
#[derive(Debug, thiserror::Error)]
#[error("{}", render(.0))]
pub struct ConfigError(pub Vec<Fault>);

/// One fault: the key, what is wrong with its value, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Such as `database.url`.
    pub key: String,
    /// What is wrong. Never a secret's value.
    pub fault: String,
    /// What is allowed, or empty if the fault says it.
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

/// Converts an error from reading a layer or from converting it to the keys' types.
pub(super) fn of_layer(fault: figment::Error) -> Fault {
    let origin = fault.metadata.as_ref().map(|from| match &from.source {
        Some(source) => source.to_string(),
        None => from.name.to_string(),
    });
    let mut key = fault.path.join(".");
    let what = match fault.kind {
        Kind::UnknownField(name, _) => {
            let parent = if key.is_empty() || key.ends_with('.') {
                key
            } else {
                format!("{key}.")
            };
            // Some formats name the field in the path, others only its table.
            key = parent
                .strip_suffix(&format!("{name}."))
                .map_or(format!("{parent}{name}"), |table| format!("{table}{name}"));
            "there is no such key".to_owned()
        }
        Kind::UnknownVariant(value, _) => format!("{value:?} is not one of the choices"),
        Kind::InvalidType(actual, _) | Kind::InvalidValue(actual, _) => {
            let value = shown(&key, &actual);
            let value = value.unwrap_or_else(|| kind(&actual).to_owned());
            format!("is {value}, which does not fit")
        }
        Kind::Message(message) => without_source(message.trim_end()),
        // No other kind holds a value.
        other => other.to_string(),
    };
    if key.is_empty() {
        return Fault {
            key: origin.unwrap_or_default(),
            fault: what,
            allowed: String::new(),
        };
    }
    let variable = super::env::variable(&key);
    let origin = if std::env::var_os(&variable).is_some() {
        format!(" (in {variable})")
    } else {
        origin
            .map(|from| format!(" (in {from})"))
            .unwrap_or_default()
    };
    Fault {
        allowed: check::allowed(&key).to_owned(),
        key,
        fault: format!("{what}{origin}"),
    }
}

/// The keys whose values are secrets, or URLs that may hold one.
pub(super) const SECRETS: [&str; 9] = [
    "database.url",
    "auth.secret",
    "auth.former_secrets",
    "at_rest.secret",
    "at_rest.former_secrets",
    "graphql.developer_token",
    "mail.smtp.password",
    "push.fcm.base_url",
    "bus.url",
];

/// Returns the value if the key exists and is not secret. A value in place of a table could be a misplaced secret.
fn shown(key: &str, actual: &Actual) -> Option<String> {
    (!SECRETS.contains(&key) && check::is_key(key)).then(|| match actual {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        other => other.to_string(),
    })
}

const fn kind(actual: &Actual) -> &'static str {
    match actual {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}

/// Keeps only the position and the reason of a TOML error. The parser also shows the line, which may hold a secret.
fn without_source(message: &str) -> String {
    let mut lines = message.lines();
    let first = lines.next().unwrap_or_default();
    if !first.starts_with("TOML parse error") {
        return message.to_owned();
    }
    let why: Vec<&str> = lines
        .skip_while(|line| !line.trim_start_matches([' ', '|']).starts_with('^'))
        .skip(1)
        .collect();
    format!("{first}: {}", why.join(", "))
}
