//! The URL of PostgreSQL, which may name several hosts as libpq's does:
//! `postgres://USER:PASSWORD@HOST1:5432,HOST2:5433/DATABASE?target_session_attrs=read-write`.

use std::fmt::Write as _;

use sqlx::postgres::PgConnectOptions;
use url::Url;

/// The parameter that says which hosts are suitable.
const TARGET: &str = "target_session_attrs";

/// Replaces the hosts while the rest of the URL is parsed or shown.
const PLACEHOLDER: &str = "belay-hosts.invalid";

/// The parsed URL.
#[derive(Clone, Debug)]
pub struct PostgresUrl {
    /// One for each host, in the order of the URL; never empty.
    pub hosts: Vec<PgConnectOptions>,
    /// Whether only a host that accepts writes is used. That is the default with several hosts, unless the URL says
    /// `any`.
    pub writable: bool,
}

impl PostgresUrl {
    /// Parses a URL. Returns `None` if it is invalid, without a reason: an error message could repeat the password.
    pub fn parse(text: &str) -> Option<Self> {
        let split = Split::of(text)?;
        let mut url = Url::parse(&split.with_hosts(PLACEHOLDER)).ok()?;
        let (targets, others): (Vec<_>, Vec<_>) = url
            .query_pairs()
            .into_owned()
            .partition(|(key, _)| key == TARGET);
        // Several hosts may stand only before the path.
        if others
            .iter()
            .any(|(key, value)| key == "host" && value.contains(','))
        {
            return None;
        }
        let writable = match targets.as_slice() {
            [] => split.hosts.len() > 1,
            [(_, value)] if value == "any" => false,
            [(_, value)] if value == "read-write" => true,
            _ => return None,
        };
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        let text = url.to_string();
        let options = |host: &&str| text.replacen(PLACEHOLDER, host, 1).parse().ok();
        let hosts: Option<Vec<PgConnectOptions>> = split.hosts.iter().map(options).collect();
        hosts.map(|hosts| Self { hosts, writable })
    }
}

/// Returns the URL without secrets: user, hosts, database, and the parameters that locate it. Returns `None` if the URL
/// is invalid, because then nobody knows where its password is.
pub(super) fn shown(text: &str) -> Option<String> {
    let split = Split::of(text)?;
    let mut url = readable(text)?;
    if url.password().is_some() {
        url.set_password(Some("…")).ok()?;
    }
    // Only the parameters that locate the server: others may be passwords or keys.
    let place: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        .filter(|(key, _)| matches!(&**key, "host" | "port" | "sslmode" | TARGET))
        .collect();
    url.set_query(None);
    let shown = url.to_string().replace("%E2%80%A6", "…");
    let mut shown = shown.replacen(PLACEHOLDER, &split.hosts.join(","), 1);
    for (at, (key, value)) in place.iter().enumerate() {
        let before = if at == 0 { '?' } else { '&' };
        let _ = write!(shown, "{before}{key}={value}");
    }
    Some(shown)
}

/// Returns the parts of the URL that are or may be secret: the password, encoded and decoded, and the value of every
/// parameter. Returns `None` if the URL is invalid.
pub(super) fn secrets(text: &str) -> Option<Vec<String>> {
    let url = readable(text)?;
    let mut secrets: Vec<String> = url.query_pairs().map(|(_, value)| value.into()).collect();
    if let Some(password) = url.password() {
        let decoded = percent_encoding::percent_decode_str(password);
        secrets.push(decoded.decode_utf8_lossy().into_owned());
        secrets.push(password.to_owned());
    }
    Some(secrets)
}

/// Parses the URL with a placeholder in place of its hosts. Returns `None` if the URL or one of its hosts is invalid.
fn readable(text: &str) -> Option<Url> {
    let split = Split::of(text)?;
    let is_host = |host: &&str| Url::parse(&format!("postgres://{host}/")).is_ok();
    if !split.hosts.iter().all(is_host) {
        return None;
    }
    Url::parse(&split.with_hosts(PLACEHOLDER)).ok()
}

/// A URL around its hosts.
struct Split<'a> {
    before: &'a str,
    hosts: Vec<&'a str>,
    after: &'a str,
}

impl<'a> Split<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let start = text.find("://")? + 3;
        let end = text[start..].find(['/', '?', '#']);
        let end = end.map_or(text.len(), |at| start + at);
        let authority = &text[start..end];
        let hosts = match authority.rfind('@') {
            Some(at) => start + at + 1,
            // A `/` in a password that is not encoded looks like the end of the authority: `u:p/w@host`.
            None if text[end..].contains('@') => return None,
            None => start,
        };
        let path = text[end..].split(['?', '#']).next().unwrap_or_default();
        if path.contains('@') {
            return None;
        }
        let named: Vec<&str> = text[hosts..end].split(',').collect();
        // Without any host, the environment or the parameters name it.
        if named.len() > 1 && named.iter().any(|host| host.is_empty()) {
            return None;
        }
        Some(Self {
            before: &text[..hosts],
            hosts: named,
            after: &text[end..],
        })
    }

    fn with_hosts(&self, hosts: &str) -> String {
        format!("{}{hosts}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts_of(text: &str) -> Option<(Vec<(String, u16)>, bool)> {
        let url = PostgresUrl::parse(text)?;
        let host_and_port = |host: &PgConnectOptions| (host.get_host().to_owned(), host.get_port());
        Some((url.hosts.iter().map(host_and_port).collect(), url.writable))
    }

    #[test]
    fn several_hosts_keep_their_order() {
        let two = |writable| {
            let hosts = vec![("h1".to_owned(), 5432), ("h2".to_owned(), 5433)];
            Some((hosts, writable))
        };
        for (text, writable) in [
            ("postgres://u:p@h1:5432,h2:5433/db", true),
            (
                "postgres://u:p@h1:5432,h2:5433/db?target_session_attrs=read-write",
                true,
            ),
            (
                "postgresql://u:p%2Cq@h1:5432,h2:5433/db?target_session_attrs=any&sslmode=require",
                false,
            ),
        ] {
            assert_eq!(hosts_of(text), two(writable), "{text}");
        }
        let one = |writable| Some((vec![("h1".to_owned(), 5432)], writable));
        assert_eq!(hosts_of("postgres://u:p@h1:5432/db"), one(false));
        let asked = "postgres://u@h1:5432/db?target_session_attrs=read-write";
        assert_eq!(hosts_of(asked), one(true));
        let six = hosts_of("postgres://u@[::1]:5433,[2001:db8::1]/db")
            .unwrap()
            .0;
        assert_eq!(six.len(), 2);
        assert_eq!(six[0].1, 5433);
    }

    #[test]
    fn malformed_urls_are_refused() {
        for text in [
            "postgres://u:p@h1,,h2/db",
            "postgres://u:p@h1:port,h2/db",
            "postgres://u:p@h1,h2:99999/db",
            "postgres://u:p@h1,h2/db?target_session_attrs=prefer-standby",
            "postgres://u:p@h1/db?host=a,b",
            "postgres://u:1/2@h1,h2/db",
            "postgres://u:1?2@h1/db",
            "postgres:u:p@h1",
        ] {
            assert!(PostgresUrl::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn no_part_of_a_password_is_shown() {
        for (text, expected) in [
            (
                "postgres://u:hunter2@h1:5432,h2:5433/db?target_session_attrs=any&password=hunter2",
                Some("postgres://u:…@h1:5432,h2:5433/db?target_session_attrs=any"),
            ),
            ("postgres://u:hunter2@h1,h2:port/db", None),
            ("postgres://u:hunter2/x@h1/db", None),
            ("postgres://u:5432/hunter2@h1/db", None),
            ("postgres://u:5432?hunter2@h1/db", None),
            ("postgres://u:hunter2@[nonsense/x", None),
            ("hunter2", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
            if expected.is_none() {
                assert_eq!(secrets(text), None, "{text}");
            }
        }
    }
}
