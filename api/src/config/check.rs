//! Checks that the types cannot express: ranges, forms, and settings that must fit together.

use email_address::EmailAddress;
use secrecy::ExposeSecret as _;

use super::fault::Fault;
use super::{Config, InstallationConfig, LogConfig, MailTransport, Mode, production};

/// The least capacity of every bucket of points. No operation may cost more (see `http::guard`), so a full bucket can
/// pay for any operation.
pub const LEAST_POINTS: u64 = 20_000;

/// The allowed form of a key, for messages.
pub(super) fn allowed(key: &str) -> &'static str {
    match key {
        "mode" => "development or production",
        "installation.terms_url" | "installation.privacy_url" => {
            "a web address, such as https://example.org/terms, or empty"
        }
        "installation.support" => "an e-mail address or a web address, or empty",
        "installation.minimum_app_version.ios"
        | "installation.minimum_app_version.android"
        | "installation.minimum_app_version.web" => {
            "numbers with dots between them, such as 1.4.0, or empty"
        }
        "http.bind" | "operations.bind" => "ADDRESS:PORT, such as 127.0.0.1:8080",
        "http.app_origins" => "origins such as https://app.example.org, with spaces between them",
        "http.dashboard_origins" => {
            "origins such as https://dashboard.example.org, with spaces between them"
        }
        "http.proxies" => {
            "addresses and networks such as 10.0.0.0/8 and 192.0.2.7, with spaces between them"
        }
        "http.development_on_network" => "true or false",
        "graphql.introspection" => "auto, on or off",
        "graphql.persisted_documents" => "off, memory or database",
        "database.url" => {
            "sqlite://FILE, postgres://USER:PASSWORD@HOST/DATABASE, or several as HOST:PORT,HOST:PORT; with \
             percent-encoding for /, ?, # and @ in a password"
        }
        "database.sqlite_synchronous" => "full or normal",
        "auth.secret" | "at_rest.secret" | "graphql.developer_token" => {
            "at least 32 random characters (openssl rand -base64 48)"
        }
        "auth.former_secrets" | "at_rest.former_secrets" => {
            "secrets of at least 32 characters, with spaces between them"
        }
        "mail.transport" => "terminal or smtp",
        "operations.inbox" => "an e-mail address, or empty",
        "mail.from" => "an address, such as Belay <belay@example.org>",
        "mail.smtp.security" => "starttls, tls or none",
        "push.transport" => "terminal, fcm or off",
        "push.fcm.base_url" => "an http or https URL",
        "bus.url" => "nats://USER:PASSWORD@HOST, nats://TOKEN@HOST, tls://…, or empty",
        "bus.subject" => "words of letters, digits, - and _, with dots between them",
        "log.level" => "error, warn, info, debug or trace",
        "log.format" => "pretty or json",
        "log.otlp_url" => "an http URL, such as http://127.0.0.1:4318, or empty",
        _ if NUMBERS.iter().any(|(name, ..)| *name == key)
            || LIMITS.iter().any(|(name, _)| *name == key) =>
        {
            "a whole number"
        }
        _ => "",
    }
}

/// Whether this key exists and holds a value rather than a table.
pub(super) fn is_key(key: &str) -> bool {
    let plain = [
        "auth.terms_version",
        "backup.erasures_file",
        "installation.name",
        "installation.crisis_lines",
        "graphql.trusted_documents",
        "mail.smtp.host",
        "mail.smtp.username",
        "push.fcm.project_id",
        "push.fcm.credentials_file",
        "zones.folder",
    ];
    !allowed(key).is_empty() || plain.contains(&key)
}

type Number = (
    &'static str,
    fn(&Config) -> u64,
    std::ops::RangeInclusive<u64>,
);

/// The numbers and the range each must lie in.
const NUMBERS: [Number; 50] = [
    (
        "http.trusted_proxies",
        |c| c.http.trusted_proxies as u64,
        0..=16,
    ),
    (
        "http.body_limit_bytes",
        |c| c.http.body_limit_bytes as u64,
        1024..=16_777_216,
    ),
    (
        "http.in_flight_bytes",
        |c| c.http.in_flight_bytes,
        1_048_576..=68_719_476_736,
    ),
    (
        "http.in_flight_bytes_per_address",
        |c| c.http.in_flight_bytes_per_address,
        262_144..=68_719_476_736,
    ),
    (
        "http.header_timeout_seconds",
        |c| c.http.header_timeout_seconds,
        1..=120,
    ),
    (
        "http.keep_alive_seconds",
        |c| c.http.keep_alive_seconds,
        1..=3_600,
    ),
    (
        "http.connections_per_address",
        |c| c.http.connections_per_address.into(),
        1..=1_000_000,
    ),
    (
        "http.operation_timeout_seconds",
        |c| c.http.operation_timeout_seconds,
        1..=300,
    ),
    (
        "http.sockets_per_address",
        |c| c.http.sockets_per_address.into(),
        1..=1_000_000,
    ),
    (
        "http.sockets_per_member",
        |c| c.http.sockets_per_member.into(),
        1..=10_000,
    ),
    (
        "http.anonymous_sockets_per_address",
        |c| c.http.anonymous_sockets_per_address.into(),
        1..=1_000_000,
    ),
    (
        "http.socket_init_seconds",
        |c| c.http.socket_init_seconds,
        1..=120,
    ),
    (
        "http.socket_ping_seconds",
        |c| c.http.socket_ping_seconds,
        1..=60,
    ),
    ("http.drain_seconds", |c| c.http.drain_seconds, 0..=300),
    (
        "http.shutdown_seconds",
        |c| c.http.shutdown_seconds,
        1..=300,
    ),
    (
        "graphql.document_cache_bytes",
        |c| c.graphql.document_cache_bytes,
        1_048_576..=4_294_967_296,
    ),
    (
        "graphql.persisted_limit",
        |c| c.graphql.persisted_limit,
        1..=1_000_000,
    ),
    (
        "graphql.member_budget.points",
        |c| c.graphql.member_budget.points,
        LEAST_POINTS..=1_000_000_000,
    ),
    (
        "graphql.member_budget.per_second",
        |c| c.graphql.member_budget.per_second,
        1..=1_000_000,
    ),
    (
        "graphql.address_budget.points",
        |c| c.graphql.address_budget.points,
        LEAST_POINTS..=1_000_000_000,
    ),
    (
        "graphql.address_budget.per_second",
        |c| c.graphql.address_budget.per_second,
        1..=1_000_000,
    ),
    (
        "database.max_connections",
        |c| c.database.max_connections.into(),
        2..=1000,
    ),
    (
        "database.acquire_timeout_seconds",
        |c| c.database.acquire_timeout_seconds,
        1..=120,
    ),
    (
        "database.connect_timeout_seconds",
        |c| c.database.connect_timeout_seconds,
        1..=60,
    ),
    (
        "database.statement_timeout_seconds",
        |c| c.database.statement_timeout_seconds,
        1..=600,
    ),
    (
        "database.lock_timeout_seconds",
        |c| c.database.lock_timeout_seconds,
        1..=120,
    ),
    (
        "database.idle_in_transaction_seconds",
        |c| c.database.idle_in_transaction_seconds,
        1..=600,
    ),
    (
        "database.silence_seconds",
        |c| c.database.silence_seconds,
        2..=600,
    ),
    (
        "database.keepalive_idle_seconds",
        |c| c.database.keepalive_idle_seconds,
        1..=3600,
    ),
    (
        "database.keepalive_interval_seconds",
        |c| c.database.keepalive_interval_seconds,
        1..=600,
    ),
    (
        "database.keepalive_count",
        |c| c.database.keepalive_count,
        1..=20,
    ),
    (
        "database.tcp_user_timeout_seconds",
        |c| c.database.tcp_user_timeout_seconds,
        1..=3600,
    ),
    (
        "auth.access_token_minutes",
        |c| c.auth.access_token_minutes.into(),
        1..=60,
    ),
    (
        "auth.refresh_token_days",
        |c| c.auth.refresh_token_days.into(),
        1..=400,
    ),
    (
        "auth.refresh_grace_seconds",
        |c| c.auth.refresh_grace_seconds.into(),
        0..=300,
    ),
    (
        "auth.session_days",
        |c| c.auth.session_days.into(),
        1..=3650,
    ),
    (
        "auth.code_minutes",
        |c| c.auth.code_minutes.into(),
        5..=1440,
    ),
    (
        "auth.email_change_hours",
        |c| c.auth.email_change_hours.into(),
        1..=168,
    ),
    (
        "auth.deletion_grace_days",
        |c| c.auth.deletion_grace_days.into(),
        0..=365,
    ),
    ("mail.smtp.port", |c| c.mail.smtp.port.into(), 1..=65_535),
    (
        "mail.smtp.timeout_seconds",
        |c| c.mail.smtp.timeout_seconds,
        1..=300,
    ),
    (
        "push.fcm.connections",
        |c| c.push.fcm.connections as u64,
        1..=64,
    ),
    ("worker.poll_seconds", |c| c.worker.poll_seconds, 1..=60),
    (
        "worker.lease_seconds",
        |c| c.worker.lease_seconds.into(),
        2..=3600,
    ),
    (
        "worker.reminder_batch",
        |c| c.worker.reminder_batch,
        1..=10_000,
    ),
    (
        "worker.delivery_batch",
        |c| c.worker.delivery_batch,
        1..=10_000,
    ),
    ("worker.job_batch", |c| c.worker.job_batch, 1..=1000),
    (
        "worker.max_attempts",
        |c| u64::try_from(c.worker.max_attempts).unwrap_or(0),
        1..=100,
    ),
    (
        "sync.tombstone_days",
        |c| c.sync.tombstone_days.into(),
        1..=3650,
    ),
    (
        "meetings.seat_min_account_age_days",
        |c| c.meetings.seat_min_account_age_days.into(),
        0..=365,
    ),
];

/// The limits of `[auth.limits]`, which must be 1 or more.
type Limit = (&'static str, fn(&Config) -> u32);
const LIMITS: [Limit; 8] = [
    ("auth.limits.sign_in_per_address", |c| {
        c.auth.limits.sign_in_per_address
    }),
    ("auth.limits.sign_in_per_account", |c| {
        c.auth.limits.sign_in_per_account
    }),
    ("auth.limits.sign_in_per_account_and_address", |c| {
        c.auth.limits.sign_in_per_account_and_address
    }),
    ("auth.limits.sign_in_per_device", |c| {
        c.auth.limits.sign_in_per_device
    }),
    ("auth.limits.code_per_address", |c| {
        c.auth.limits.code_per_address
    }),
    ("auth.limits.letters_per_mailbox", |c| {
        c.auth.limits.letters_per_mailbox
    }),
    ("auth.limits.letters_per_address", |c| {
        c.auth.limits.letters_per_address
    }),
    ("auth.limits.unverified_letters_per_hour", |c| {
        c.auth.limits.unverified_letters_per_hour
    }),
];

/// Returns all faults of the configuration.
pub(super) fn check(config: &Config) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut say = |key: &str, fault: &str, allowed: String| {
        faults.push(Fault {
            key: key.to_owned(),
            fault: fault.to_owned(),
            allowed,
        });
    };

    for (key, value, range) in NUMBERS {
        if !range.contains(&value(config)) {
            let allowed = format!("a whole number from {} to {}", range.start(), range.end());
            say(key, &format!("{} is out of range", value(config)), allowed);
        }
    }
    for (key, value) in LIMITS {
        if value(config) == 0 {
            say(
                key,
                "0 would let nobody in",
                "a whole number from 1".to_owned(),
            );
        }
    }

    values(config, &mut say);
    installation(&config.installation, &mut say);
    production::check(config, &mut say);
    faults
}

/// Reports a fault: the key, the fault, the allowed form.
pub(super) type Say<'a> = dyn FnMut(&str, &str, String) + 'a;

pub(super) fn form(key: &str) -> String {
    allowed(key).to_owned()
}

/// Checks the form of each value.
fn values(config: &Config, say: &mut Say<'_>) {
    let url = config.database.url.expose_secret();
    if !["sqlite:", "postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
    {
        say(
            "database.url",
            "is of an unknown kind",
            form("database.url"),
        );
    } else if url.starts_with("sqlite:") && config.database.sqlite_path().is_none() {
        say(
            "database.url",
            "names no file; a database in memory would forget everyone",
            form("database.url"),
        );
    } else if !url.starts_with("sqlite:") && config.database.postgres().is_none() {
        say("database.url", "cannot be read", form("database.url"));
    }
    if config
        .mail
        .from
        .parse::<lettre::message::Mailbox>()
        .is_err()
        && !EmailAddress::is_valid(&config.mail.from)
    {
        say("mail.from", "is not an address", form("mail.from"));
    }
    if !config.operations.inbox.is_empty() && !EmailAddress::is_valid(&config.operations.inbox) {
        say(
            "operations.inbox",
            "is not an address",
            form("operations.inbox"),
        );
    }
    if !matches!(config.push.fcm.base_url.scheme(), "http" | "https") {
        say(
            "push.fcm.base_url",
            "is not a web address",
            form("push.fcm.base_url"),
        );
    }
    if config.auth.terms_version.trim().is_empty() {
        say(
            "auth.terms_version",
            "is empty",
            "the version of your terms".to_owned(),
        );
    }
    if config.mail.transport == MailTransport::Smtp && config.mail.smtp.host.is_empty() {
        say(
            "mail.smtp.host",
            "is empty",
            "the name of your mail server".to_owned(),
        );
    }
    for (key, origins) in [
        ("http.dashboard_origins", &config.http.dashboard_origins),
        ("http.app_origins", &config.http.app_origins),
    ] {
        let mut origins = origins.split_whitespace();
        if origins.any(|origin| !is_origin(origin, config.mode)) {
            say(
                key,
                "holds an origin that is not valid or not safe",
                form(key),
            );
        }
    }
    traces(&config.log, say);
    if config.bus.servers().is_err() {
        say("bus.url", "names no NATS server", form("bus.url"));
    }
    if !is_subject(&config.bus.subject) {
        say("bus.subject", "is no subject", form("bus.subject"));
    }
    for (key, secret) in [
        ("auth.secret", &config.auth.secret),
        ("at_rest.secret", &config.at_rest.secret),
        ("graphql.developer_token", &config.graphql.developer_token),
    ] {
        let length = secret.expose_secret().len();
        if (1..32).contains(&length) {
            say(key, "is too short to be safe", form(key));
        }
    }
    for (key, former) in [
        ("auth.former_secrets", &config.auth.former_secrets),
        ("at_rest.former_secrets", &config.at_rest.former_secrets),
    ] {
        let mut former = former.expose_secret().split_whitespace();
        if former.any(|secret| secret.len() < 32) {
            say(key, "holds a secret that is too short", form(key));
        }
    }
}

/// Checks that this build can export traces to the collector.
fn traces(config: &LogConfig, say: &mut Say<'_>) {
    if let Some(url) = &config.otlp_url {
        let key = "log.otlp_url";
        if !cfg!(feature = "otlp") {
            let allowed = "empty, unless Belay is built with `--features otlp`";
            say(
                key,
                "is set, but this build exports no traces",
                allowed.to_owned(),
            );
        } else if url.scheme() != "http" {
            say(key, "is not an http URL", form(key));
        }
    }
}

/// Checks what members read about the installation.
fn installation(config: &InstallationConfig, say: &mut Say<'_>) {
    if config.name.trim().is_empty() {
        let allowed = "the name of your service".to_owned();
        say("installation.name", "is empty", allowed);
    }
    for (key, url) in [
        ("installation.terms_url", &config.terms_url),
        ("installation.privacy_url", &config.privacy_url),
    ] {
        let is_web = |url: &url::Url| matches!(url.scheme(), "http" | "https");
        if url.as_ref().is_some_and(|url| !is_web(url)) {
            say(key, "is not a web address", form(key));
        }
    }
    if !config.support.is_empty() && config.support_url().is_none() {
        let key = "installation.support";
        say(key, "is not an e-mail address or a web address", form(key));
    }
    let least = &config.minimum_app_version;
    for (key, version) in [
        ("installation.minimum_app_version.ios", &least.ios),
        ("installation.minimum_app_version.android", &least.android),
        ("installation.minimum_app_version.web", &least.web),
    ] {
        let is_number = |part: &str| {
            (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !version.is_empty() && !version.split('.').all(is_number) {
            say(key, "is not a version", form(key));
        }
    }
}

/// Whether this is an origin as browsers write it (RFC 6454 §6.2). Production accepts only `https`.
fn is_origin(text: &str, mode: Mode) -> bool {
    let Ok(url) = url::Url::parse(text) else {
        return false;
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && mode == Mode::Development);
    is_safe && url.origin().ascii_serialization() == text
}

fn is_subject(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split('.')
        .all(|word| !word.is_empty() && word.chars().all(is_plain))
}
