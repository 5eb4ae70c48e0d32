//! Assembles a running Belay from its settings, for all commands.

use std::future::Future;

use chrono::{DateTime, Utc};
use entity::secret_check::Purpose;
use sea_orm::{DbErr, RuntimeErr};

use super::Failure;
use crate::app::{App, Surroundings};
use crate::clock::Clock;
use crate::config::{Config, ConfigError, DatabaseConfig, Fault, Mode};
use crate::db::{self, Db, Engine, Fit, Occupation, OccupationError, Part, SchemaState};
use crate::dev_outbox::DevOutbox;
use crate::entropy::Entropy;
use crate::files;
use crate::installation::Directory;
use crate::keys::Keys;
use crate::keys::file::{SecretPlace, place};
use crate::mail::Mailer;
use crate::push::transport;
use crate::secret_check;
use crate::secret_check::{Caller, Judged, Verdict};
use crate::zones::Installed;

/// Runs a command's work.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::message(format!("The runtime cannot be started: {error}")))?;
    let done = runtime.block_on(work);
    // A DNS look-up that hangs must not keep the process alive.
    runtime.shutdown_background();
    done
}

/// Returns the clock of this installation: the system's in production, one that can be moved in development.
pub fn clock(mode: Mode, at: Option<DateTime<Utc>>) -> Result<Clock, ConfigError> {
    match (mode, at) {
        (Mode::Production, None) => Ok(Clock::system()),
        (Mode::Production, Some(_)) => Err(ConfigError(vec![Fault {
            key: "--at".to_owned(),
            fault: "production runs on the system's clock".to_owned(),
            allowed: "only with mode = \"development\"".to_owned(),
        }])),
        (Mode::Development, at) => {
            let at = at.unwrap_or_else(|| Clock::system().now());
            Ok(Clock::starting_at(at))
        }
    }
}

/// Connects and assembles the service. The schema is migrated or refused.
pub async fn app(config: Config, clock: Clock, caller: Caller) -> Result<App, Failure> {
    // All checks that need no database run before it is changed.
    let zones = zones(&config)?;
    for risk in config.risky_limits() {
        tracing::warn!("{risk}");
    }
    let dev_outbox = DevOutbox::new(config.mode == Mode::Development);
    let push = transport::from_config(&config, &clock, &dev_outbox).map_err(Failure::message)?;
    check_files(&config)?;
    let entropy = Entropy::system();
    let db = connect(&config).await?;
    known_secrets(&config, &db).await?;
    ready_schema(&db, &config).await?;
    let keys = keys(&config, &db, &entropy, &clock, caller).await?;
    let surroundings = Surroundings {
        clock,
        entropy,
        dev_outbox,
        push,
        follow: crate::consequences::follow,
        zones,
    };
    App::new(config, db, keys, surroundings).map_err(Failure::message)
}

/// Checks the files that the parts of the service read later.
fn check_files(config: &Config) -> Result<(), Failure> {
    if place(config) == SecretPlace::Nowhere {
        Keys::load_existing(config)?;
    }
    Directory::load(&config.installation.crisis_lines).map_err(Failure::message)?;
    Mailer::new(&config.mail, DevOutbox::new(false)).map_err(Failure::message)?;
    erasures(config)
}

/// Checks that the list of erasures can be written, because no account is erased without being recorded.
fn erasures(config: &Config) -> Result<(), Failure> {
    let Some(path) = config.backup.erasures() else {
        return Ok(());
    };
    files::append_private(&path).map(drop).map_err(|error| {
        Failure::message(format!(
            "The list of erasures {} cannot be written: {error}.\nSet backup.erasures_file to a file that Belay may \
             write, apart from the backups.",
            path.display()
        ))
    })
}

/// Refuses a database that was written with other secrets, or whose other processes may not be able to read with these.
/// Called before the schema is migrated.
pub async fn known_secrets(config: &Config, db: &Db) -> Result<(), Failure> {
    // Without check values there is nothing to compare with.
    if !matches!(secret_check::is_made(db).await, Ok(true)) {
        return Ok(());
    }
    let keys = Keys::load_existing(config).map_err(|error| Failure::message(unknown(&error)))?;
    let judged = secret_check::look(db.pool(), &keys).await;
    allowed(&judged.map_err(|fault| unchecked(&fault))?)
}

/// Refuses secrets that must not be used.
fn allowed(judged: &[Judged]) -> Result<(), Failure> {
    refusal(judged).map_or(Ok(()), |why| Err(Failure::message(why)))
}

/// Returns why the secrets must not be used and what to do, or `None` if they may be used.
pub fn refusal(judged: &[Judged]) -> Option<String> {
    let judged_as = |wanted: Verdict| -> Vec<Purpose> {
        let found = judged.iter().filter(|(_, verdict)| *verdict == wanted);
        found.map(|(purpose, _)| *purpose).collect()
    };
    let (wrong, unannounced) = (judged_as(Verdict::Wrong), judged_as(Verdict::Unannounced));
    match (wrong.as_slice(), unannounced.as_slice()) {
        ([], []) => None,
        ([], unannounced) => Some(hasty(unannounced)),
        (wrong, _) => Some(foreign(wrong)),
    }
}

fn unchecked(fault: &crate::error::Fault) -> Failure {
    Failure::message(format!("The secrets cannot be checked: {}", fault.class()))
}

/// Returns the keys of this installation, after checking that the database was written with them.
pub async fn keys(
    config: &Config,
    db: &Db,
    entropy: &Entropy,
    clock: &Clock,
    caller: Caller,
) -> Result<Keys, Failure> {
    // A missing key file is not recreated if the database was written with it.
    let keys = if secret_check::is_made(db)
        .await
        .map_err(|fault| unchecked(&fault))?
    {
        Keys::load_existing(config).map_err(|error| Failure::message(unknown(&error)))?
    } else {
        Keys::load(config, entropy)?
    };
    let refused = secret_check::settle(db, &keys, entropy, clock.now(), caller).await;
    allowed(&refused.map_err(|fault| unchecked(&fault))?)?;
    Ok(keys)
}

/// The message about secrets that the database was written with and that cannot be read.
fn unknown(error: &ConfigError) -> String {
    format!(
        "{error}
This database was written with a secret. {}",
        put_back(&secret_check::PURPOSES)
    )
}

/// The message about secrets that are not those of the database.
fn foreign(wrong: &[Purpose]) -> String {
    format!(
        "This database was written with another secret than the one configured: {}.\n{}",
        named(wrong),
        put_back(wrong)
    )
}

/// The message about a secret that other processes may not be able to read with.
fn hasty(unannounced: &[Purpose]) -> String {
    format!(
        "The secret was changed in one step: {}. Other processes may not be able to read what this one would write.\n\
         First add the new secret to former_secrets in every process, with the old one still in place, and restart \
         each. Then swap the two. If no other process runs on this database, `belay secret accept` accepts the new one \
         at once.",
        named(unannounced)
    )
}

fn named(purposes: &[Purpose]) -> String {
    let keys: Vec<&str> = purposes
        .iter()
        .map(|purpose| secret_check::key(*purpose))
        .collect();
    keys.join(", ")
}

fn put_back(wrong: &[Purpose]) -> String {
    let lost: Vec<&str> = wrong
        .iter()
        .map(|purpose| secret_check::loss(*purpose))
        .collect();
    format!(
        "Put the right one back (auth.secret, at_rest.secret, or the file belay.key beside the embedded database). If it \
         was changed on purpose, name the old one in auth.former_secrets. If it is lost, `belay secret accept` goes on \
         without it: then {}.",
        lost.join(", and ")
    )
}

/// Chooses the time zone data.
pub fn zones(config: &Config) -> Result<Installed, Failure> {
    let failure = |fault| {
        Failure::message(format!(
            "{fault}.\nSee zones.folder; empty is the newest on this machine."
        ))
    };
    Installed::choose(config.zones.folder()).map_err(failure)
}

/// Connects, or says which database cannot be reached and why. In development an embedded database is created if it
/// does not exist.
pub async fn connect(config: &Config) -> Result<Db, Failure> {
    match config.mode {
        Mode::Development => make_database(&config.database)?,
        Mode::Production => find_database(&config.database)?,
    }
    Db::connect(&config.database)
        .await
        .map_err(|error| Failure::message(away(&config.database, &error)))
}

/// Creates the file of an embedded database if it does not exist.
pub fn make_database(config: &DatabaseConfig) -> Result<(), Failure> {
    db::make_file(config).map_err(|error| {
        Failure::message(format!(
            "The database {} cannot be made: {error}.\nMake its folder and give it to the user Belay runs as, or set \
             database.url to a file elsewhere.",
            config.shown()
        ))
    })
}

/// Fails if the file of an embedded database is missing. Production must not create one by accident, such as when its
/// disk is not mounted: members would find none of their data and sign up again.
fn find_database(config: &DatabaseConfig) -> Result<(), Failure> {
    match config.sqlite_path().map(|path| path.try_exists()) {
        Some(Ok(false)) => Err(Failure::message(missing(config))),
        _ => Ok(()),
    }
}

/// The message about an embedded database that does not exist or is empty.
pub fn missing(config: &DatabaseConfig) -> String {
    format!(
        "There is no database at {}.\nIf there should be one, see database.url, and whether its disk is mounted. To begin \
         a new one, run `belay migrate` once.",
        config.shown()
    )
}

/// Takes the locks of an embedded database, or says which process holds one.
pub fn occupy(config: &Config, parts: &[Part]) -> Result<Occupation, Failure> {
    match config.mode {
        Mode::Development => make_database(&config.database)?,
        Mode::Production => find_database(&config.database)?,
    }
    db::occupy(&config.database, parts).map_err(|error| {
        let todo = match &error {
            OccupationError::Taken(..) => {
                "Stop it first. An embedded database has one server; any number may share PostgreSQL."
            }
            OccupationError::Io(..) => {
                "Give its folder, on a local file system, to the user Belay runs as."
            }
        };
        Failure::message(format!("This process cannot start: {error}.\n{todo}"))
    })
}

/// The message about a database that cannot be reached, with advice.
fn away(config: &DatabaseConfig, error: &DbErr) -> String {
    format!(
        "The database {} cannot be reached: {}.\nSee database.url; `belay doctor` checks it.",
        config.shown(),
        unreachable_because(config, error)
    )
}

/// Why a database cannot be reached, without its password.
pub fn unreachable_because(config: &DatabaseConfig, error: &DbErr) -> String {
    let why = match error {
        DbErr::Conn(RuntimeErr::SqlxError(why)) if let sqlx::Error::Io(why) = &**why => {
            why.to_string()
        }
        DbErr::ConnectionAcquire(_) => {
            format!("no connection within {} s", config.acquire_timeout_seconds)
        }
        other => other.to_string(),
    };
    config.without_secrets(&why)
}

/// Migrates an embedded database, since nobody else uses it. In production it does not create a new one. On PostgreSQL
/// the operator decides when to migrate, because several processes share the database and a step may take long.
pub async fn ready_schema(db: &Db, config: &Config) -> Result<(), Failure> {
    let (mode, config) = (config.mode, &config.database);
    let state = schema_state(db, config).await?;
    match state.fit {
        Fit::Current => return Ok(()),
        Fit::Newer => {
            tracing::warn!("{}", newer(&state));
            return Ok(());
        }
        Fit::Ahead => return Err(Failure::message(ahead(&state))),
        Fit::Behind => {}
    }
    match db.engine() {
        Engine::Sqlite if mode == Mode::Production && state.is_new() => {
            Err(Failure::message(missing(config)))
        }
        Engine::Sqlite => {
            let steps = db::migrate(db, config).await.map_err(Failure::message)?;
            tracing::info!(steps = steps.len(), "the schema was brought up to date");
            Ok(())
        }
        Engine::Postgres => Err(Failure::message(behind(&state))),
    }
}

/// Returns the state of the schema.
pub async fn schema_state(db: &Db, config: &DatabaseConfig) -> Result<SchemaState, Failure> {
    db::schema_state(db)
        .await
        .map_err(|error| Failure::message(away(config, &error)))
}

/// The message about a schema that is behind.
pub fn behind(state: &SchemaState) -> String {
    format!(
        "The database's schema is behind this program: run `belay migrate` first.\nSteps to take: {}",
        state.pending.join(", ")
    )
}

/// The message about a schema that a newer program has changed compatibly.
pub fn newer(state: &SchemaState) -> String {
    format!(
        "the schema is that of a newer belay, and this program can run on it; steps unknown here: {}",
        state.unknown.join(", ")
    )
}

/// The message about a schema that a newer program has changed incompatibly. This program would write rows that the
/// newer rules do not allow, or miss tables and columns that it needs.
pub fn ahead(state: &SchemaState) -> String {
    format!(
        "The database's schema is ahead of this program: a newer belay has changed it, and this one cannot run on it. \
         Run the newer one, or restore a backup made before it.\nSteps unknown here: {}",
        state.unknown.join(", ")
    )
}
