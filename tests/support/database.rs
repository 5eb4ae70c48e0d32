//! One database per test, and one test body for both engines.

use std::fs;

use anyhow::{Context, Result};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::postgres::PostgresDatabase;
use crate::scratch;

/// The two database engines that Belay supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A SQLite file in write-ahead-log mode.
    Sqlite,
    /// A database in the tests' PostgreSQL cluster.
    Postgres,
}

/// The database of one test. It is removed when this is dropped.
pub struct TestDatabase(Storage);

enum Storage {
    Sqlite(TempDir),
    Postgres(PostgresDatabase),
    Elsewhere(String),
}

impl TestDatabase {
    /// Applies every migration to an existing database. It is not removed when this is dropped.
    pub async fn at(url: &str) -> Self {
        let database = Self(Storage::Elsewhere(url.to_owned()));
        let connection = database.connect().await;
        Migrator::up(&connection, None)
            .await
            .expect("the migrations succeed");
        connection.close().await.expect("the connection closes");
        database
    }

    /// Creates a SQLite file with every migration applied.
    pub async fn sqlite() -> Self {
        /// Copying a migrated file is far cheaper than migrating one.
        static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();
        let migrated = MIGRATED.get_or_try_init(migrated_sqlite_file).await;
        Self::sqlite_from(migrated.expect("the migrations succeed"))
    }

    /// Creates an empty SQLite file. The caller sets its journal mode.
    pub fn empty_sqlite() -> Self {
        Self::sqlite_from(&[])
    }

    fn sqlite_from(content: &[u8]) -> Self {
        let folder = TempDir::with_prefix_in("belay-sqlite-", scratch::folder())
            .expect("the folder is created");
        let file = folder.path().join("belay.db");
        api::files::make_private(&file).expect("the file is created");
        fs::write(file, content).expect("the file is written");
        Self(Storage::Sqlite(folder))
    }

    /// Creates a PostgreSQL database with every migration applied.
    pub async fn postgres() -> Self {
        Self::postgres_from(PostgresDatabase::migrated().await)
    }

    /// Creates an empty PostgreSQL database.
    pub async fn empty_postgres() -> Self {
        Self::postgres_from(PostgresDatabase::empty().await)
    }

    fn postgres_from(database: Result<PostgresDatabase>) -> Self {
        match database {
            Ok(database) => Self(Storage::Postgres(database)),
            Err(error) => panic!("cannot create a PostgreSQL database: {error:#}"),
        }
    }

    /// Creates a database of this engine with every migration applied.
    pub async fn of(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite().await,
            Engine::Postgres => Self::postgres().await,
        }
    }

    /// Creates an empty database of the same engine.
    pub async fn empty(&self) -> Self {
        match self.engine() {
            Engine::Sqlite => Self::empty_sqlite(),
            Engine::Postgres => Self::empty_postgres().await,
        }
    }

    /// Returns the engine.
    pub fn engine(&self) -> Engine {
        match &self.0 {
            Storage::Sqlite(_) => Engine::Sqlite,
            Storage::Elsewhere(url) if url.starts_with("sqlite:") => Engine::Sqlite,
            Storage::Postgres(_) | Storage::Elsewhere(_) => Engine::Postgres,
        }
    }

    /// Returns the URL for `BELAY_DATABASE__URL`.
    pub fn url(&self) -> String {
        match &self.0 {
            Storage::Sqlite(folder) => sqlite_url(folder),
            Storage::Postgres(database) => database.url().to_owned(),
            Storage::Elsewhere(url) => url.clone(),
        }
    }

    /// Opens connections apart from the service's own.
    pub async fn connect(&self) -> DatabaseConnection {
        connect(&self.url())
            .await
            .expect("the database accepts connections")
    }
}

/// A type that a test can take instead of a [`TestDatabase`], and that is built on one.
pub trait FromDatabase: Sized {
    /// Builds the value on a database with every migration applied.
    fn from_database(database: TestDatabase) -> impl Future<Output = Self> + Send;
}

impl FromDatabase for TestDatabase {
    async fn from_database(database: TestDatabase) -> Self {
        database
    }
}

/// Runs one test body on one database. [`both`](crate::both) expands to this.
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
    // Closing the last connection writes the log into the file.
    connection.close().await?;
    let Storage::Sqlite(folder) = &database.0 else {
        unreachable!("the database above is SQLite")
    };
    fs::read(folder.path().join("belay.db")).context("cannot read the migrated file")
}
