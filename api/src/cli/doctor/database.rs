//! Checks the database.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::Findings;
use crate::circle;
use crate::cli::setup;
use crate::clock::Clock;
use crate::config::{Config, DatabaseConfig, Mode};
use crate::db::{self, Db, Engine, Fit, Writes};
use crate::zone_change::{self, Progress};
use crate::zones::Version;

const WHAT: &str = "database";
/// The time limit for an answer: an operator is waiting at the terminal.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many seconds the clocks may differ. Leases and tokens tolerate this much.
const CLOCKS_APART: i64 = 5;

/// Checks that the database answers, that its schema fits, and that its file or server is sound.
pub async fn check(
    whole: &Config,
    clock: &Clock,
    zones: Option<&Version>,
    findings: &mut Findings,
) {
    let config = &whole.database;
    let shown = config.shown();
    if let Some(path) = config.sqlite_path() {
        if !folder_is_writable(&path, findings) {
            return;
        }
        if !path.exists() && whole.mode == Mode::Production {
            return missing(config, findings);
        }
        if !path.exists() {
            findings.fine(WHAT, format!("{shown} will be made at the first start"));
            return;
        }
        if let Err(error) = std::fs::OpenOptions::new().append(true).open(&path) {
            findings.mend(
                WHAT,
                format!("the file {} cannot be written: {error}", path.display()),
                "Give it to the user Belay runs as (chown).",
            );
            return;
        }
    }
    match tokio::time::timeout(PATIENCE, connect(config)).await {
        Ok(Ok(db)) => {
            findings.fine(WHAT, format!("{shown} answers"));
            writes(&db, findings).await;
            for risk in whole.risky_limits() {
                findings.note("time limits", risk);
            }
            if schema(&db, whole, findings).await {
                Box::pin(super::secret::check_against(whole, &db, findings)).await;
                super::work::check(whole, &db, clock, findings).await;
                instants(&db, zones, findings).await;
            }
            match db.engine() {
                Engine::Sqlite => write_ahead_log(&db, findings).await,
                Engine::Postgres => clocks(&db, clock, findings).await,
            }
            db.close().await;
        }
        Ok(Err(why)) => findings.mend(WHAT, why, TODO),
        Err(_) => findings.mend(
            WHAT,
            format!("{shown} does not answer within {} s", PATIENCE.as_secs()),
            TODO,
        ),
    }
}

/// Reports a missing database: production does not create one by itself.
fn missing(config: &DatabaseConfig, findings: &mut Findings) {
    let message = setup::missing(config);
    let (wrong, todo) = message.split_once('\n').unwrap_or((&message, ""));
    findings.mend(WHAT, wrong, todo);
}

const TODO: &str =
    "Check database.url, that the server runs, and that this machine may reach and use it.";

async fn connect(config: &DatabaseConfig) -> Result<Db, String> {
    let connected = Db::connect(config).await;
    connected.map_err(|error| {
        let why = setup::unreachable_because(config, &error);
        format!("{} cannot be reached: {why}", config.shown())
    })
}

/// Checks that it accepts writes: a standby and a database with a full disk answer as well.
async fn writes(db: &Db, findings: &mut Findings) {
    let why = match tokio::time::timeout(PATIENCE, db::takes_writes(db)).await {
        Ok(Ok(Writes::Taken)) => return,
        Ok(Ok(Writes::Refused)) => {
            "it takes no writes: it is a standby, or was set read-only".to_owned()
        }
        Ok(Ok(Writes::DiskFull)) => "it takes no writes: its disk is full".to_owned(),
        Ok(Err(error)) => format!(
            "a write to it fails: {}",
            crate::error::Fault::from(error).class()
        ),
        Err(_) => format!("a write to it is not done within {} s", PATIENCE.as_secs()),
    };
    findings.mend(
        WHAT,
        why,
         "Name the server that accepts writes in database.url, or several with commas between them; check that its \
         disk has space and that nobody keeps it locked.",
    );
}

/// Checks the folder: SQLite keeps a log and an index beside the file.
fn folder_is_writable(database: &Path, findings: &mut Findings) -> bool {
    let folder = match database.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    match tempfile::tempfile_in(&folder) {
        Ok(_) => true,
        Err(error) => {
            findings.mend(
                WHAT,
                format!("nothing can be written in {}: {error}", folder.display()),
                "Make the folder and give it to the user Belay runs as, or set database.url to a file \
                 elsewhere.",
            );
            false
        }
    }
}

/// Checks the schema. Returns whether this program can run on it as it is.
async fn schema(db: &Db, config: &Config, findings: &mut Findings) -> bool {
    const WHAT: &str = "schema";
    let state = db::schema_state(db).await;
    let can_run = state
        .as_ref()
        .is_ok_and(|state| matches!(state.fit, Fit::Current | Fit::Newer));
    match state {
        Err(error) => findings.mend(
            WHAT,
            format!(
                "it cannot be read: {}",
                crate::error::Fault::from(error).class()
            ),
            "Let the database's user read and write every table.",
        ),
        Ok(state) if state.fit == Fit::Ahead => findings.mend(
            WHAT,
            "it is ahead of this program: a newer belay has changed it, and this one cannot run on it",
            "Run the newer one, or restore a backup made before it.",
        ),
        Ok(state) if can_run => {
            match state.fit {
                Fit::Newer => findings.note(WHAT, setup::newer(&state)),
                _ => findings.fine(WHAT, "up to date"),
            }
            circles(db, findings).await;
        }
        Ok(state)
            if db.engine() == Engine::Sqlite
                && config.mode == Mode::Production
                && state.is_new() =>
        {
            missing(&config.database, findings);
        }
        Ok(state) if db.engine() == Engine::Sqlite => findings.fine(
            WHAT,
            format!(
                "{} steps will be taken at the next start",
                state.pending.len()
            ),
        ),
        Ok(state) => findings.mend(
            WHAT,
            format!("it is behind by {}", state.pending.join(", ")),
            "Run `belay migrate`.",
        ),
    }
    can_run
}

async fn circles(db: &Db, findings: &mut Findings) {
    const WHAT: &str = "circles";
    match circle::service::without_facilitator(db.pool()).await {
        Ok(unled) if unled.is_empty() => findings.fine(WHAT, "somebody runs each of them"),
        Ok(unled) => findings.mend(
            WHAT,
            format!("nobody runs {} of them", unled.len()),
            "`belay circle unled` lists them; `belay circle appoint` names a facilitator.",
        ),
        Err(fault) => findings.mend(
            WHAT,
            format!("they could not be read: {}", fault.class()),
            TODO,
        ),
    }
}

/// Checks which edition of the time zone database the stored instants were computed with.
async fn instants(db: &Db, zones: Option<&Version>, findings: &mut Findings) {
    const WHAT: &str = "stored instants";
    let Some(version) = zones else {
        return;
    };
    // Before its first start a database has no edition.
    match zone_change::state(db.pool(), version).await {
        Err(_) => {}
        Ok(Progress::Done) => findings.fine(WHAT, format!("follow edition {version} of the time zones")),
        Ok(Progress::Underway) => findings.note(
            WHAT,
            format!("are recomputed with edition {version} of the time zones while a worker runs"),
        ),
        Ok(Progress::Ahead(newer)) => findings.mend(
            WHAT,
            format!("follow edition {newer} of the time zones; this machine has {version} and would use old rules"),
            "Update the system's tzdata or this program, or set zones.folder to the newer edition.",
        ),
    }
}

async fn write_ahead_log(db: &Db, findings: &mut Findings) {
    let mode = text(db, DbBackend::Sqlite, "PRAGMA journal_mode").await;
    match mode.as_deref() {
        Some("wal") => findings.fine(WHAT, "keeps a write-ahead log"),
        _ => findings.mend(
            WHAT,
            "it has no write-ahead log: readers and writers would wait for each other",
            "Put the file on a local file system; network file systems cannot keep one.",
        ),
    }
}

async fn clocks(db: &Db, clock: &Clock, findings: &mut Findings) {
    const WHAT: &str = "database clock";
    let theirs = text(
        db,
        DbBackend::Postgres,
        "SELECT extract(epoch FROM clock_timestamp())::bigint::text",
    );
    let Some(theirs) = theirs.await.and_then(|seconds| seconds.parse::<i64>().ok()) else {
        return;
    };
    let apart = (clock.now().timestamp() - theirs).abs();
    if apart > CLOCKS_APART {
        findings.mend(
            WHAT,
            format!("it and this machine's are {apart} s apart"),
            "Keep both right with NTP (timedatectl set-ntp true).",
        );
    } else {
        findings.fine(WHAT, "agrees with this machine's");
    }
}

async fn text(db: &Db, backend: DbBackend, sql: &str) -> Option<String> {
    let row = db
        .pool()
        .query_one_raw(Statement::from_string(backend, sql))
        .await
        .ok()??;
    row.try_get_by_index(0).ok()
}
