//! The keys and their types. `config.default.toml` describes each.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use email_address::EmailAddress;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, de};

use super::{PostgresUrl, Proxies, postgres_url};

/// The whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "each key is described in config.default.toml")]
pub struct Config {
    pub mode: Mode,
    pub installation: InstallationConfig,
    pub http: HttpConfig,
    pub graphql: GraphqlConfig,
    pub operations: OperationsConfig,
    pub database: DatabaseConfig,
    pub backup: BackupConfig,
    pub auth: AuthConfig,
    pub at_rest: AtRestConfig,
    pub mail: MailConfig,
    pub push: PushConfig,
    pub worker: WorkerConfig,
    pub bus: BusConfig,
    pub sync: SyncConfig,
    pub zones: ZonesConfig,
    pub meetings: MeetingsConfig,
    pub log: LogConfig,
}

/// Whether members depend on this installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// For developers: terminal transports, `GraphiQL`, a clock that can be moved.
    Development,
    /// For members.
    Production,
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty $(= $with:literal)?),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(missing_docs, reason = "each key is described in config.default.toml")]
        pub struct $name {
            $($(#[serde(deserialize_with = $with)])? pub $field: $type,)+
        }
    };
}

section!(
    /// `[installation]`
    InstallationConfig {
        name: String,
        terms_url: Option<url::Url> = "empty_is_none",
        privacy_url: Option<url::Url> = "empty_is_none",
        support: String,
        crisis_lines: String,
        minimum_app_version: MinimumAppVersionConfig,
    }
);
section!(
    /// `[installation.minimum_app_version]`
    MinimumAppVersionConfig {
        ios: String,
        android: String,
        web: String,
    }
);
section!(
    /// `[http]`
    HttpConfig {
        bind: SocketAddr,
        trusted_proxies: usize,
        proxies: Proxies,
        development_on_network: bool,
        dashboard_origins: String,
        app_origins: String,
        body_limit_bytes: usize,
        in_flight_bytes: u64,
        in_flight_bytes_per_address: u64,
        header_timeout_seconds: u64,
        keep_alive_seconds: u64,
        connections_per_address: u32,
        operation_timeout_seconds: u64,
        sockets_per_address: u32,
        sockets_per_member: u32,
        anonymous_sockets_per_address: u32,
        socket_init_seconds: u64,
        socket_ping_seconds: u64,
        drain_seconds: u64,
        shutdown_seconds: u64,
    }
);
section!(
    /// `[graphql]`
    GraphqlConfig {
        introspection: Introspection,
        document_cache_bytes: u64,
        persisted_documents: PersistedDocuments,
        persisted_limit: u64,
        trusted_documents: String,
        developer_token: SecretString = "secret",
        member_budget: BucketConfig,
        address_budget: BucketConfig,
    }
);
section!(
    /// `[graphql.member_budget]`, `[graphql.address_budget]`
    BucketConfig {
        points: u64,
        per_second: u64,
    }
);
section!(
    /// `[operations]`
    OperationsConfig {
        bind: Option<SocketAddr> = "empty_is_none",
        inbox: String,
    }
);
section!(
    /// `[database]`
    DatabaseConfig {
        url: SecretString = "secret",
        max_connections: u32,
        acquire_timeout_seconds: u64,
        connect_timeout_seconds: u64,
        statement_timeout_seconds: u64,
        lock_timeout_seconds: u64,
        idle_in_transaction_seconds: u64,
        silence_seconds: u64,
        keepalive_idle_seconds: u64,
        keepalive_interval_seconds: u64,
        keepalive_count: u64,
        tcp_user_timeout_seconds: u64,
        sqlite_synchronous: SqliteSynchronous,
    }
);
section!(
    /// `[backup]`
    BackupConfig {
        erasures_file: String,
    }
);
section!(
    /// `[auth]`
    AuthConfig {
        secret: SecretString = "secret",
        former_secrets: SecretString = "secret",
        access_token_minutes: u32,
        refresh_token_days: u32,
        refresh_grace_seconds: u32,
        session_days: u32,
        code_minutes: u32,
        email_change_hours: u32,
        terms_version: String,
        deletion_grace_days: u32,
        limits: LimitsConfig,
    }
);
section!(
    /// `[at_rest]`
    AtRestConfig {
        secret: SecretString = "secret",
        former_secrets: SecretString = "secret",
    }
);
section!(
    /// `[auth.limits]`
    LimitsConfig {
        sign_in_per_address: u32,
        sign_in_per_account: u32,
        sign_in_per_account_and_address: u32,
        sign_in_per_device: u32,
        code_per_address: u32,
        letters_per_mailbox: u32,
        letters_per_address: u32,
        unverified_letters_per_hour: u32,
    }
);
section!(
    /// `[mail]`
    MailConfig {
        transport: MailTransport,
        from: String,
        utf8_addresses: bool,
        smtp: SmtpConfig,
    }
);
section!(
    /// `[mail.smtp]`
    SmtpConfig {
        host: String,
        port: u16,
        security: SmtpSecurity,
        username: String,
        password: SecretString = "secret",
        timeout_seconds: u64,
    }
);
section!(
    /// `[push]`
    PushConfig {
        transport: PushTransport,
        fcm: FcmConfig,
    }
);
section!(
    /// `[push.fcm]`
    FcmConfig {
        project_id: String,
        credentials_file: String,
        base_url: url::Url,
        connections: usize,
    }
);
section!(
    /// `[worker]`
    WorkerConfig {
        poll_seconds: u64,
        lease_seconds: u32,
        reminder_batch: u64,
        delivery_batch: u64,
        job_batch: u64,
        max_attempts: i32,
    }
);
section!(
    /// `[bus]`
    BusConfig {
        url: SecretString = "secret",
        subject: String,
    }
);
section!(
    /// `[sync]`
    SyncConfig {
        tombstone_days: u32,
    }
);
section!(
    /// `[zones]`
    ZonesConfig {
        folder: PathBuf,
    }
);
section!(
    /// `[meetings]`
    MeetingsConfig {
        seat_min_account_age_days: u32,
    }
);
section!(
    /// `[log]`
    LogConfig {
        level: LogLevel,
        format: LogFormat,
        otlp_url: Option<url::Url> = "empty_is_none",
    }
);

impl ZonesConfig {
    /// Returns the folder to take the zones from, or `None` to use the newest zones on this machine.
    pub fn folder(&self) -> Option<&Path> {
        (!self.folder.as_os_str().is_empty()).then_some(&*self.folder)
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }
    };
}

choice!(
    /// Who may introspect the schema.
    Introspection {
        /// Everybody in development; in production, holders of the developer token.
        Auto,
        /// Everybody.
        On,
        /// Holders of the developer token.
        Off,
    }
);
choice!(
    /// Where the documents are stored that apps request by hash.
    PersistedDocuments {
        /// Nowhere: apps always send the text.
        Off,
        /// In each process, as long as there is room.
        Memory,
        /// In the database, for all processes.
        Database,
    }
);
choice!(
    /// When a commit of the embedded database counts as done.
    SqliteSynchronous {
        /// Once it is on the disk.
        Full,
        /// Once the operating system has it.
        Normal,
    }
);
choice!(
    /// How mail is sent.
    MailTransport {
        /// It is shown on the terminal.
        Terminal,
        /// It is sent by SMTP.
        Smtp,
    }
);
choice!(
    /// How an SMTP connection is protected.
    SmtpSecurity {
        /// STARTTLS, RFC 3207.
        Starttls,
        /// TLS from the first byte, RFC 8314.
        Tls,
        /// Without encryption.
        None,
    }
);
choice!(
    /// How pushes are sent.
    PushTransport {
        /// They are shown on the terminal.
        Terminal,
        /// They go to Firebase Cloud Messaging.
        Fcm,
        /// They are not sent.
        Off,
    }
);
choice!(
    /// The least severe lines that are written.
    LogLevel {
        /// Problems that need a person.
        Error,
        /// Problems that may need a person soon.
        Warn,
        /// One line per request.
        Info,
        /// Details for developers.
        Debug,
        /// Everything.
        Trace,
    }
);
choice!(
    /// How lines are written.
    LogFormat {
        /// For people.
        Pretty,
        /// For machines.
        Json,
    }
);

impl Config {
    /// Whether everybody may introspect the schema.
    pub fn introspection_for_all(&self) -> bool {
        match self.graphql.introspection {
            Introspection::Auto => self.mode == Mode::Development,
            Introspection::On => true,
            Introspection::Off => false,
        }
    }
}

impl BackupConfig {
    /// Returns the file with the list of erasures, or `None` if there is none.
    pub fn erasures(&self) -> Option<PathBuf> {
        (!self.erasures_file.is_empty()).then(|| PathBuf::from(&self.erasures_file))
    }
}

impl InstallationConfig {
    /// Returns the URL where members ask for help (`mailto:` for an e-mail address), or `None` if none is configured.
    pub fn support_url(&self) -> Option<url::Url> {
        if EmailAddress::is_valid(&self.support) {
            return format!("mailto:{}", self.support).parse().ok();
        }
        let url: url::Url = self.support.parse().ok()?;
        matches!(url.scheme(), "http" | "https").then_some(url)
    }
}

impl DatabaseConfig {
    /// The defaults, with another URL.
    #[cfg(test)]
    pub(crate) fn at(url: &str) -> Self {
        use figment::providers::Format as _;
        let defaults = figment::providers::Toml::string(super::DEFAULTS);
        let config: Config = figment::Figment::from(defaults).extract().unwrap();
        Self {
            url: url.into(),
            ..config.database
        }
    }

    /// Returns the embedded database's file, or `None` for PostgreSQL and for a database in memory.
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        let path = self.url.expose_secret().strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split('?').next().unwrap_or(path);
        // `sqlx` decodes it as well, to support file names with `?` and `#`.
        let path = percent_encoding::percent_decode_str(path)
            .decode_utf8()
            .ok()?;
        (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(&*path))
    }

    /// Whether this is the embedded database.
    pub fn is_sqlite(&self) -> bool {
        self.url.expose_secret().starts_with("sqlite:")
    }

    /// Returns the URL without its password, wherever it is.
    pub fn shown(&self) -> String {
        let text = self.url.expose_secret();
        if text.starts_with("sqlite:") {
            return text.to_owned();
        }
        postgres_url::shown(text).unwrap_or_else(|| "postgres://… (it is no URL)".to_owned())
    }

    /// Removes the URL and its secrets from a library's error message. If the URL is invalid, nobody knows where its
    /// password is, and the message says only that.
    pub fn without_secrets(&self, why: &str) -> String {
        let text = self.url.expose_secret();
        if text.starts_with("sqlite:") {
            return why.to_owned();
        }
        let Some(secrets) = postgres_url::secrets(text) else {
            return "database.url is no URL".to_owned();
        };
        let secrets = secrets.iter().filter(|secret| secret.len() > 2);
        secrets.fold(why.replace(text, "…"), |why, secret| {
            why.replace(secret, "…")
        })
    }

    /// Returns the parsed URL of PostgreSQL, or `None` for the embedded database and for an invalid URL.
    pub fn postgres(&self) -> Option<PostgresUrl> {
        let text = self.url.expose_secret();
        if text.starts_with("sqlite:") {
            return None;
        }
        PostgresUrl::parse(text)
    }
}

fn empty_is_none<'de, T, D>(de: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(de)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(de::Error::custom)
}

/// Reads a secret. In the environment it may look like a number. An error message must never repeat it.
fn secret<'de, D: Deserializer<'de>>(de: D) -> Result<SecretString, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Scalar {
        Text(String),
        Unsigned(u64),
        Signed(i64),
        Float(f64),
        Bool(bool),
    }
    let text = match Scalar::deserialize(de) {
        Ok(Scalar::Text(text)) => text,
        Ok(Scalar::Unsigned(n)) => n.to_string(),
        Ok(Scalar::Signed(n)) => n.to_string(),
        Ok(Scalar::Float(n)) => n.to_string(),
        Ok(Scalar::Bool(b)) => b.to_string(),
        Err(_) => return Err(de::Error::custom("must be text, in quotes")),
    };
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_without_its_password() {
        let shown = |url: &str| DatabaseConfig::at(url).shown();
        assert_eq!(
            shown("postgres://belay:hunter2@db.example.org/belay?sslmode=require&password=hunter3"),
            "postgres://belay:…@db.example.org/belay?sslmode=require"
        );
        assert_eq!(
            shown("postgres://belay@localhost/belay?host=/run/postgresql"),
            "postgres://belay@localhost/belay?host=/run/postgresql"
        );
        assert!(!shown("postgres://u:hunter2@[nonsense/x").contains("hunter2"));
        assert_eq!(shown("sqlite://belay.db"), "sqlite://belay.db");
    }

    #[test]
    fn the_sqlite_path_is_the_file_that_sqlx_opens() {
        for url in [
            "sqlite:///var/lib/belay/belay.db",
            "sqlite://belay.db?mode=rwc",
            "sqlite:a%20folder/belay.db",
        ] {
            let options: sqlx::sqlite::SqliteConnectOptions = url.parse().unwrap();
            let path = DatabaseConfig::at(url).sqlite_path();
            assert_eq!(path.as_deref(), Some(options.get_filename()), "{url}");
        }
    }
}
