//! Settings of connections to SQLite, and the creation of its file.

use std::io;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use crate::config::{self, DatabaseConfig};
use crate::files;

/// How long a statement waits while another process writes. Writers of this process wait in the pool's queue instead.
const BUSY: Duration = Duration::from_secs(10);

/// Creates the file of an embedded database if it does not exist: empty, and accessible only to its owner. SQLite gives
/// its write-ahead log and index the same mode.
pub fn make_file(config: &DatabaseConfig) -> io::Result<()> {
    config
        .sqlite_path()
        .map_or(Ok(()), |path| files::make_private(&path).map(drop))
}

/// Returns the settings of each connection. Connecting does not create a missing file: a file that was removed under a
/// running server would come back empty.
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
        // Deleted rows are overwritten, so that nothing of former members stays in the file.
        .pragma("secure_delete", "ON")
        .busy_timeout(BUSY.min(Duration::from_secs(config.statement_timeout_seconds)))
        .disable_statement_logging())
}
