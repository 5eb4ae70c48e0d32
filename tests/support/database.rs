//! A database a test, and one test body for both kinds.

use std::fs;

use anyhow::{Context, Result};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::postgres::PostgresDatabase;
use crate::scratch;

/// The two databases Belay runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in write-ahead-log mode.
    Sqlite,
    /// A database in the tests' own cluster.
    Postgres,
}

/// A database of one test, removed when this is dropped.
pub struct TestDatabase(Storage);

enum Storage {
    Sqlite(TempDir),
    Postgres(PostgresDatabase),
    Elsewhere(String),
}

impl TestDatabase {
    /// A database that is somebody else's to remove, with every migration applied.
    pub async fn at(url: &str) -> Self {
        let database = Self(Storage::Elsewhere(url.to_owned()));
        let connection = database.connect().await;
        Migrator::up(&connection, None).await.expect("a schema");
        connection.close().await.expect("a connection that closes");
        database
    }

    /// A SQLite file with every migration applied.
    pub async fn sqlite() -> Self {
        /// Copying a migrated file is far cheaper than migrating one.
        static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();
        let migrated = MIGRATED.get_or_try_init(migrated_sqlite_file).await;
        Self::sqlite_from(migrated.expect("a migrated SQLite file"))
    }

    /// A new SQLite file, its journal mode still to be set.
    pub fn empty_sqlite() -> Self {
        Self::sqlite_from(&[])
    }

    fn sqlite_from(content: &[u8]) -> Self {
        let folder = TempDir::with_prefix_in("belay-sqlite-", scratch::folder())
            .expect("a temporary folder");
        let file = folder.path().join("belay.db");
        api::files::make_private(&file).expect("a file in a temporary folder");
        fs::write(file, content).expect("a file in a temporary folder");
        Self(Storage::Sqlite(folder))
    }

    /// A PostgreSQL database with every migration applied.
    pub async fn postgres() -> Self {
        Self::postgres_from(PostgresDatabase::migrated().await)
    }

    /// A PostgreSQL database with nothing in it.
    pub async fn empty_postgres() -> Self {
        Self::postgres_from(PostgresDatabase::empty().await)
    }

    fn postgres_from(database: Result<PostgresDatabase>) -> Self {
        match database {
            Ok(database) => Self(Storage::Postgres(database)),
            Err(error) => panic!("no PostgreSQL database for this test: {error:#}"),
        }
    }

    /// Another database of a kind, with every migration applied.
    pub async fn of(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite().await,
            Engine::Postgres => Self::postgres().await,
        }
    }

    /// A database of the same kind with nothing in it.
    pub async fn empty(&self) -> Self {
        match self.engine() {
            Engine::Sqlite => Self::empty_sqlite(),
            Engine::Postgres => Self::empty_postgres().await,
        }
    }

    /// Which kind it is.
    pub fn engine(&self) -> Engine {
        match &self.0 {
            Storage::Sqlite(_) => Engine::Sqlite,
            Storage::Elsewhere(url) if url.starts_with("sqlite:") => Engine::Sqlite,
            Storage::Postgres(_) | Storage::Elsewhere(_) => Engine::Postgres,
        }
    }

    /// As `BELAY_DATABASE__URL` takes it.
    pub fn url(&self) -> String {
        match &self.0 {
            Storage::Sqlite(folder) => sqlite_url(folder),
            Storage::Postgres(database) => database.url().to_owned(),
            Storage::Elsewhere(url) => url.clone(),
        }
    }

    /// A way in beside the service's own.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url())
            .await
            .expect("a connection to the test's database")
    }
}

/// What a test can ask for in place of a [`TestDatabase`]: something that stands on one.
pub trait FromDatabase: Sized {
    /// Builds it on a database with every migration applied.
    fn from_database(database: TestDatabase) -> impl Future<Output = Self> + Send;
}

impl FromDatabase for TestDatabase {
    async fn from_database(database: TestDatabase) -> Self {
        database
    }
}

/// What [`both`](crate::both) expands to: one body, on one database.
#[doc(hidden)]
pub async fn run<T, F>(database: TestDatabase, body: impl FnOnce(T) -> F)
where
    T: FromDatabase,
    F: Future<Output = ()>,
{
    body(T::from_database(database).await).await;
}

pub(crate) async fn connect(url: &str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(4).sqlx_logging(false);
    Ok(sea_orm::Database::connect(options).await?)
}

fn sqlite_url(folder: &TempDir) -> String {
    format!("sqlite://{}/belay.db", folder.path().display())
}

async fn migrated_sqlite_file() -> Result<Vec<u8>> {
    let database = TestDatabase::empty_sqlite();
    let connection = database.connect().await;
    connection
        .execute_unprepared("PRAGMA journal_mode = WAL")
        .await?;
    Migrator::up(&connection, None).await?;
    // Closing the last connection moves what the log still holds into the file.
    connection.close().await?;
    let Storage::Sqlite(folder) = &database.0 else {
        unreachable!("made above")
    };
    fs::read(folder.path().join("belay.db")).context("cannot read the migrated file")
}
