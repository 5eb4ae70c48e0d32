//! What the commands have in common: from settings to the parts of a running Belay.

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
use crate::keys::check::{Caller, Judged, Verdict};
use crate::keys::file::{SecretPlace, place};
use crate::keys::{Keys, check};
use crate::mail::Mailer;
use crate::push::transport;
use crate::zones::Installed;

/// Runs a command's work.
pub fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::told(format!("The runtime cannot be started: {error}")))?;
    let done = runtime.block_on(work);
    // A look-up that hangs must not keep the process.
    runtime.shutdown_background();
    done
}

/// The clock of this installation: the system's in production, one that can be moved in development.
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

/// Connects and puts everything together; the schema is made ready or refused.
pub async fn app(config: Config, clock: Clock, caller: Caller) -> Result<App, Failure> {
    // Whatever can be found wrong without the database is found before it is changed.
    let zones = zones(&config)?;
    for risk in config.risky_limits() {
        tracing::warn!("{risk}");
    }
    let dev_outbox = DevOutbox::new(config.mode == Mode::Development);
    let push = transport::from_config(&config, &clock, &dev_outbox).map_err(Failure::told)?;
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
    App::new(config, db, keys, surroundings).map_err(Failure::told)
}

/// What the parts of the service read, and make nothing of yet.
fn check_files(config: &Config) -> Result<(), Failure> {
    if place(config) == SecretPlace::Nowhere {
        Keys::load_existing(config)?;
    }
    Directory::load(&config.installation.crisis_lines).map_err(Failure::told)?;
    Mailer::new(&config.mail, DevOutbox::new(false)).map_err(Failure::told)?;
    erasures(config)
}

/// Nobody is erased who cannot be written down: found out now.
fn erasures(config: &Config) -> Result<(), Failure> {
    let Some(path) = config.backup.erasures() else {
        return Ok(());
    };
    files::append_private(&path).map(drop).map_err(|error| {
        Failure::told(format!(
            "The list of erasures {} cannot be written: {error}.\nSet backup.erasures_file to a file that Belay may \
             write, apart from the backups.",
            path.display()
        ))
    })
}

/// A database that was written with other secrets, or whose other processes may not be able to read with these, is refused
/// before a step is taken on it.
pub async fn known_secrets(config: &Config, db: &Db) -> Result<(), Failure> {
    // Without the table of check values, or without any, there is nothing to compare with.
    if !matches!(check::is_made(db).await, Ok(true)) {
        return Ok(());
    }
    let keys = Keys::load_existing(config).map_err(|error| Failure::told(unknown(&error)))?;
    let judged = check::look(db.pool(), &keys).await;
    allowed(&judged.map_err(|fault| unchecked(&fault))?)
}

/// Refuses secrets that must not be used.
fn allowed(judged: &[Judged]) -> Result<(), Failure> {
    refusal(judged).map_or(Ok(()), |why| Err(Failure::told(why)))
}

/// Why secrets must not be used, if so, and what to do.
pub fn refusal(judged: &[Judged]) -> Option<String> {
    let those = |wanted: Verdict| -> Vec<Purpose> {
        let those = judged.iter().filter(|(_, verdict)| *verdict == wanted);
        those.map(|(purpose, _)| *purpose).collect()
    };
    let (wrong, unannounced) = (those(Verdict::Wrong), those(Verdict::Unannounced));
    match (wrong.as_slice(), unannounced.as_slice()) {
        ([], []) => None,
        ([], unannounced) => Some(hasty(unannounced)),
        (wrong, _) => Some(foreign(wrong)),
    }
}

fn unchecked(fault: &crate::error::Fault) -> Failure {
    Failure::told(format!("The secrets cannot be checked: {}", fault.class()))
}

/// The keys of this installation, once they are known to be those that the database was written with.
pub async fn keys(
    config: &Config,
    db: &Db,
    entropy: &Entropy,
    clock: &Clock,
    caller: Caller,
) -> Result<Keys, Failure> {
    // A key file that is gone is not made anew beside a database that was written with it.
    let keys = if check::is_made(db)
        .await
        .map_err(|fault| unchecked(&fault))?
    {
        Keys::load_existing(config).map_err(|error| Failure::told(unknown(&error)))?
    } else {
        Keys::load(config, entropy)?
    };
    let refused = check::settle(db, &keys, entropy, clock.now(), caller).await;
    allowed(&refused.map_err(|fault| unchecked(&fault))?)?;
    Ok(keys)
}

/// A database that was written with secrets, which are not there to be read.
fn unknown(error: &ConfigError) -> String {
    format!(
        "{error}
This database was written with a secret. {}",
        put_back(&check::PURPOSES)
    )
}

/// What to do about secrets that are not those of the database.
fn foreign(wrong: &[Purpose]) -> String {
    format!(
        "This database was written with another secret than the one configured: {}.\n{}",
        named(wrong),
        put_back(wrong)
    )
}

/// What to do about a secret that others are not known to be able to read with.
fn hasty(unannounced: &[Purpose]) -> String {
    format!(
        "The secret was changed in one step: {}. Other processes may not be able to read what this one would write.\n\
         First give every process the new secret to read with: put it into former_secrets beside the old one, which stays \
         where it is, and start each of them again. Then change places. If no other process runs on this database, \
         `belay secret accept` takes the new one at once.",
        named(unannounced)
    )
}

fn named(purposes: &[Purpose]) -> String {
    let keys: Vec<&str> = purposes
        .iter()
        .map(|purpose| check::key(*purpose))
        .collect();
    keys.join(", ")
}

fn put_back(wrong: &[Purpose]) -> String {
    let lost: Vec<&str> = wrong.iter().map(|purpose| check::loss(*purpose)).collect();
    format!(
        "Put the right one back (auth.secret, at_rest.secret, or the file belay.key beside the embedded database). If it \
         was changed on purpose, name the old one in auth.former_secrets. If it is lost, `belay secret accept` goes on \
         without it: then {}.",
        lost.join(", and ")
    )
}

/// Chooses the data by which time zones are known.
pub fn zones(config: &Config) -> Result<Installed, Failure> {
    let told = |fault| {
        Failure::told(format!(
            "{fault}.\nSee zones.folder; empty is the newest on this machine."
        ))
    };
    Installed::choose(config.zones.folder()).map_err(told)
}

/// Connects, or says which database is away and why. In development an embedded database that is not there is made.
pub async fn connect(config: &Config) -> Result<Db, Failure> {
    match config.mode {
        Mode::Development => make_database(&config.database)?,
        Mode::Production => find_database(&config.database)?,
    }
    Db::connect(&config.database)
        .await
        .map_err(|error| Failure::told(away(&config.database, &error)))
}

/// Makes the file of an embedded database that is not there.
pub fn make_database(config: &DatabaseConfig) -> Result<(), Failure> {
    db::make_file(config).map_err(|error| {
        Failure::told(format!(
            "The database {} cannot be made: {error}.\nMake its folder and give it to the user Belay runs as, or set \
             database.url to a file elsewhere.",
            config.shown()
        ))
    })
}

/// In production an embedded database is not begun by chance, such as when its disk is not mounted: members would find
/// nothing of what they wrote, and sign up anew.
fn find_database(config: &DatabaseConfig) -> Result<(), Failure> {
    match config.sqlite_path().map(|path| path.try_exists()) {
        Some(Ok(false)) => Err(Failure::told(missing(config))),
        _ => Ok(()),
    }
}

/// What to do about an embedded database that is not there, or holds nothing.
pub fn missing(config: &DatabaseConfig) -> String {
    format!(
        "There is no database at {}.\nIf there should be one, see database.url, and whether its disk is mounted. To begin \
         a new one, run `belay migrate` once.",
        config.shown()
    )
}

/// Takes parts of the work on an embedded database, or says which process stands in the way.
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
        Failure::told(format!("This process cannot start: {error}.\n{todo}"))
    })
}

/// A database that cannot be reached, in words without its password.
pub fn away(config: &DatabaseConfig, error: &DbErr) -> String {
    let why = match error {
        DbErr::Conn(RuntimeErr::SqlxError(why)) if let sqlx::Error::Io(why) = &**why => {
            why.to_string()
        }
        DbErr::ConnectionAcquire(_) => {
            format!("no connection within {} s", config.acquire_timeout_seconds)
        }
        other => other.to_string(),
    };
    let why = config.without_secrets(&why);
    format!(
        "The database {} cannot be reached: {why}.\nSee database.url; `belay doctor` checks it.",
        config.shown()
    )
}

/// The embedded database takes its steps here, since nobody else uses it; in production not the first ones, by which it
/// would be a new one. On a server's that is the operator's decision: several processes share it, and a step may take its
/// time.
pub async fn ready_schema(db: &Db, config: &Config) -> Result<(), Failure> {
    let (mode, config) = (config.mode, &config.database);
    let state = schema_state(db, config).await?;
    match state.fit {
        Fit::Current => return Ok(()),
        Fit::Newer => {
            tracing::warn!("{}", newer(&state));
            return Ok(());
        }
        Fit::Ahead => return Err(Failure::told(ahead(&state))),
        Fit::Behind => {}
    }
    match db.engine() {
        Engine::Sqlite if mode == Mode::Production && state.is_new() => {
            Err(Failure::told(missing(config)))
        }
        Engine::Sqlite => {
            let steps = db::migrate(db, config).await.map_err(Failure::told)?;
            tracing::info!(steps = steps.len(), "the schema was brought up to date");
            Ok(())
        }
        Engine::Postgres => Err(Failure::told(behind(&state))),
    }
}

/// How far the schema has come.
pub async fn schema_state(db: &Db, config: &DatabaseConfig) -> Result<SchemaState, Failure> {
    db::schema_state(db)
        .await
        .map_err(|error| Failure::told(away(config, &error)))
}

/// What to do about a schema that is behind.
pub fn behind(state: &SchemaState) -> String {
    format!(
        "The database's schema is behind this program: run `belay migrate` first.\nSteps to take: {}",
        state.pending.join(", ")
    )
}

/// What to know about a schema that a newer program has changed in a way that older ones can run with.
pub fn newer(state: &SchemaState) -> String {
    format!(
        "the schema is that of a newer belay, and this program can run on it; steps unknown here: {}",
        state.unknown.join(", ")
    )
}

/// What to do about a schema that a newer program has changed. This program would write rows that the newer one's rules
/// do not allow, or miss what it needs.
pub fn ahead(state: &SchemaState) -> String {
    format!(
        "The database's schema is ahead of this program: a newer belay has changed it, and this one cannot run on it. \
         Run the newer one, or restore a backup made before it.\nSteps unknown here: {}",
        state.unknown.join(", ")
    )
}
