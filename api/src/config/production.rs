//! Checks that depend on the mode: what production must not run with, and what a developer must confirm.

use std::net::IpAddr;
use std::path::PathBuf;

use secrecy::ExposeSecret as _;
use sqlx::postgres::PgSslMode;

use super::check::{Say, form};
use super::strength::weakness;
use super::{Config, DatabaseConfig, MailTransport, Mode, PushTransport, SmtpSecurity};

/// Checks the settings that depend on the mode.
pub(super) fn check(config: &Config, say: &mut Say<'_>) {
    match config.mode {
        Mode::Development => development(config, say),
        Mode::Production => {
            transports(config, say);
            secrets(config, say);
            network(config, say);
            paths(config, say);
        }
    }
}

/// Anybody who can reach a development server can read everybody's codes there.
fn development(config: &Config, say: &mut Say<'_>) {
    let http = &config.http;
    if !http.bind.ip().is_loopback() && !http.development_on_network {
        say(
            "http.bind",
            "others on the network could read every code and every letter in development",
            "127.0.0.1:PORT; mode = \"production\"; or http.development_on_network = true, if that is what you want"
                .to_owned(),
        );
    }
}

fn transports(config: &Config, say: &mut Say<'_>) {
    if config.mail.transport == MailTransport::Terminal {
        say(
            "mail.transport",
            "terminal is for development: no mail would be sent",
            "smtp".to_owned(),
        );
    }
    if config.mail.transport == MailTransport::Smtp && is_sent_from_here(&config.mail.from) {
        say(
            "mail.from",
            "is an address only on this machine: other mail servers refuse letters from it, and nobody can answer",
            form("mail.from"),
        );
    }
    if config.push.transport == PushTransport::Terminal {
        say(
            "push.transport",
            "terminal is for development: no push would be sent",
            "fcm or off".to_owned(),
        );
    }
    if config.push.transport == PushTransport::Fcm && config.push.fcm.base_url.scheme() != "https" {
        say(
            "push.fcm.base_url",
            "production needs an encrypted connection",
            "an https URL".to_owned(),
        );
    }
    let smtp = &config.mail.smtp;
    if config.mail.transport == MailTransport::Smtp
        && smtp.security == SmtpSecurity::None
        && !is_local(&smtp.host)
    {
        say(
            "mail.smtp.security",
            "none would send codes and letters to another machine in the clear",
            "starttls or tls; none only for a relay on this machine".to_owned(),
        );
    }
}

fn secrets(config: &Config, say: &mut Say<'_>) {
    if config.auth.secret.expose_secret().is_empty() {
        say("auth.secret", "production needs one", form("auth.secret"));
    }
    for (key, secret) in [
        ("auth.secret", &config.auth.secret),
        ("at_rest.secret", &config.at_rest.secret),
        ("graphql.developer_token", &config.graphql.developer_token),
    ] {
        let secret = secret.expose_secret();
        // Shorter secrets are refused for their length already.
        if secret.len() >= 32
            && let Some(weakness) = weakness(secret)
        {
            say(key, weakness, form(key));
        }
    }
}

fn network(config: &Config, say: &mut Say<'_>) {
    let http = &config.http;
    if http.trusted_proxies > 0 && http.proxies.is_empty() && !http.bind.ip().is_loopback() {
        say(
            "http.trusted_proxies",
            "whoever reaches http.bind directly could choose his address in each request",
            "with http.proxies, the addresses of those proxies; or http.bind on 127.0.0.1"
                .to_owned(),
        );
    }
    if http.proxies.is_everybody() {
        say(
            "http.proxies",
            "names everybody: any client could choose its address in each request",
            form("http.proxies"),
        );
    }
    if is_sent_in_the_clear(&config.database) {
        say(
            "database.url",
            "everything members write could go unencrypted to another machine; somebody in between could force that",
            "with sslmode=require, verify-ca or verify-full for a server on another machine"
                .to_owned(),
        );
    }
}

/// A relative path means another file if the program is started in another folder.
fn paths(config: &Config, say: &mut Say<'_>) {
    let is_relative = |path: Option<PathBuf>| path.is_some_and(|path| path.is_relative());
    if is_relative(config.database.sqlite_path()) {
        say(
            "database.url",
            "is relative to the working directory: started in another folder, Belay would look for another database",
            "an absolute path, with three slashes, such as sqlite:///var/lib/belay/belay.db"
                .to_owned(),
        );
    }
    if is_relative(config.backup.erasures()) {
        say(
            "backup.erasures_file",
            "is relative to the working directory: started in another folder, Belay would begin another list",
            "an absolute path, such as /var/lib/belay-erasures/list".to_owned(),
        );
    }
}

/// Whether nobody could answer to the sender's domain, because it is local or reserved (RFC 6761). An invalid address
/// is refused elsewhere.
fn is_sent_from_here(from: &str) -> bool {
    const RESERVED: [&str; 3] = ["localhost", "localdomain", "invalid"];
    let mailbox = from.parse::<lettre::message::Mailbox>();
    let address = mailbox.map_or_else(|_| from.to_owned(), |mailbox| mailbox.email.to_string());
    let domain = address.rsplit('@').next().unwrap_or_default();
    let last = domain.trim_end_matches('.').rsplit('.').next();
    let is_reserved = |last: &str| RESERVED.iter().any(|own| last.eq_ignore_ascii_case(own));
    !domain.is_empty() && (last.is_some_and(is_reserved) || is_local(domain))
}

/// Whether the connection to a database on another machine may be unencrypted. An invalid URL is refused elsewhere.
fn is_sent_in_the_clear(database: &DatabaseConfig) -> bool {
    let Some(url) = database.postgres() else {
        return false;
    };
    url.hosts.iter().any(|options| {
        let is_weak = matches!(
            options.get_ssl_mode(),
            PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer
        );
        is_weak && options.get_socket().is_none() && !is_local(options.get_host())
    })
}

/// Whether a host is this machine.
pub fn is_local(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.is_empty()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_sender_addresses_are_recognised() {
        for from in [
            "Belay <belay@localhost>",
            "belay@LOCALHOST.",
            "belay@localhost.localdomain",
            "belay@mail.localhost",
            "belay@nowhere.invalid",
            "belay@[127.0.0.1]",
        ] {
            assert!(is_sent_from_here(from), "{from}");
        }
        for from in ["Belay <belay@example.org>", "belay@localhost.example.org"] {
            assert!(!is_sent_from_here(from), "{from}");
        }
    }

    #[test]
    fn a_remote_database_is_unencrypted_unless_its_url_requires_tls() {
        let in_the_clear = |url: &str| is_sent_in_the_clear(&DatabaseConfig::at(url));
        for url in [
            "postgres://belay@db.example.org/belay",
            "postgres://belay@db.example.org/belay?sslmode=disable",
            "postgres://belay@10.0.0.7/belay?sslmode=allow",
            "postgres://belay@db/belay?sslmode=prefer",
            "postgres://belay@localhost/belay?host=10.0.0.7",
            "postgres://belay@localhost,db.example.org/belay",
        ] {
            assert!(in_the_clear(url), "{url}");
        }
        for url in [
            "postgres://belay@db.example.org/belay?sslmode=require",
            "postgres://belay@db.example.org/belay?sslmode=verify-full",
            "postgres://belay@localhost/belay",
            "postgres://belay@127.0.0.1/belay?sslmode=disable",
            "postgres://belay@[::1]/belay",
            "postgres://belay@db/belay?host=/run/postgresql",
            "sqlite://belay.db",
        ] {
            assert!(!in_the_clear(url), "{url}");
        }
    }
}
