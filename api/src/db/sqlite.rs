//! How connections to SQLite are opened.

use std::io;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::config::{self, DatabaseConfig};
use crate::files;

/// How long a statement waits for another process that writes. Writers of this process stand in a queue before.
const BUSY: Duration = Duration::from_secs(10);

/// Makes the file of an embedded database, empty and for its owner alone, if there is none. SQLite gives its log and its
/// index the mode of the file.
pub fn make_file(config: &DatabaseConfig) -> io::Result<()> {
    config
        .sqlite_path()
        .map_or(Ok(()), |path| files::make_private(&path).map(drop))
}

/// The settings of each connection. A file that is not there is not made: one that was removed under a running server
/// would come back empty.
pub(super) fn options(config: &DatabaseConfig) -> Result<SqliteConnectOptions, sqlx::Error> {
    let options: SqliteConnectOptions = config.url.expose_secret().parse()?;
    Ok(options
        .create_if_missing(false)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match config.sqlite_synchronous {
            config::SqliteSynchronous::Full => SqliteSynchronous::Full,
            config::SqliteSynchronous::Normal => SqliteSynchronous::Normal,
        })
        // What is deleted is overwritten: members who leave leave nothing behind in the file.
        .pragma("secure_delete", "ON")
        .busy_timeout(BUSY.min(Duration::from_secs(config.statement_timeout_seconds)))
        .disable_statement_logging())
}
