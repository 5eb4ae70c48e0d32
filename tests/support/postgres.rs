//! The tests' own PostgreSQL cluster.
//!
//! The first test that needs PostgreSQL starts the cluster in a temporary folder. It listens only on a socket in that
//! folder, and ends with the test process. One thread administers it over one connection. It needs its own thread for
//! two reasons: a connection cannot outlive the runtime of the test that opened it, and a test that drops its database
//! cannot wait for the result.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;

use anyhow::{Context, Result, bail};
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tokio::sync::{mpsc, oneshot};

use crate::database::connect;
use crate::scratch;

/// The template that databases are cloned from. It has every table, and only seeded rows.
const TEMPLATE: &str = "belay_template";

/// The empty template that every cluster has.
const EMPTY: &str = "template0";

/// A running cluster. It is stopped and removed when this is dropped, or when the process ends in any way.
pub(crate) struct Cluster {
    folder: PathBuf,
    /// Stops the cluster when its standard input closes. This process holds the other end.
    watchdog: Child,
}

impl Cluster {
    pub(crate) fn start() -> Result<Self> {
        let mut watchdog = Command::new("sh")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/support/postgres.sh"))
            .env("TMPDIR", scratch::folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A Ctrl-C in the terminal must end only the tests. The watchdog acts when they end.
            .process_group(0)
            .spawn()
            .context("cannot run sh")?;
        let stdout = watchdog
            .stdout
            .take()
            .context("the watchdog has no standard output")?;
        let mut output = Vec::new();
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some(folder) = line.strip_prefix("ready ") {
                let folder = folder.into();
                return Ok(Self { folder, watchdog });
            }
            output.push(line);
        }
        watchdog.wait()?;
        bail!("cannot start PostgreSQL: {}", output.join("\n"))
    }

    /// Returns the URL of a database in the cluster.
    pub(crate) fn url(&self, database: &str) -> Result<String> {
        let host = self
            .folder
            .to_str()
            .context("the path of the folder is not UTF-8")?;
        let server = format!("postgres://postgres@localhost/{database}");
        Ok(reqwest::Url::parse_with_params(&server, [("host", host)])?.into())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // A failure here does no harm: the watchdog cleans up on its own.
        let _ = self.watchdog.wait();
    }
}

/// A database in the cluster. The database is dropped when this is dropped.
pub(crate) struct PostgresDatabase {
    url: String,
    name: String,
}

impl PostgresDatabase {
    /// Creates a database with every migration applied.
    pub(crate) async fn migrated() -> Result<Self> {
        Self::create(TEMPLATE).await
    }

    /// Creates an empty database.
    pub(crate) async fn empty() -> Result<Self> {
        Self::create(EMPTY).await
    }

    async fn create(template: &'static str) -> Result<Self> {
        let (reply, database) = oneshot::channel();
        ADMINISTRATOR.send(Request::Create { template, reply })?;
        database.await?.map_err(anyhow::Error::msg)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let name = std::mem::take(&mut self.name);
        // If the cluster has ended, the database is gone as well.
        let _ = ADMINISTRATOR.send(Request::Drop { name });
    }
}

enum Request {
    Create {
        template: &'static str,
        reply: oneshot::Sender<Result<PostgresDatabase, String>>,
    },
    Drop {
        name: String,
    },
}

static ADMINISTRATOR: LazyLock<mpsc::UnboundedSender<Request>> = LazyLock::new(|| {
    let (sender, requests) = mpsc::unbounded_channel();
    thread::spawn(|| {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the runtime of the administrator starts")
            .block_on(serve(requests));
    });
    sender
});

/// Serves requests until the process ends. If the cluster cannot start, every request fails with the reason.
async fn serve(mut requests: mpsc::UnboundedReceiver<Request>) {
    let mut administrator = Administrator::start().await;
    while let Some(request) = requests.recv().await {
        match (request, &mut administrator) {
            (Request::Create { template, reply }, Ok(administrator)) => {
                let database = administrator.create(template).await;
                // If the receiver is gone, the database is dropped, which requests its removal.
                let _ = reply.send(database.map_err(|error| format!("{error:#}")));
            }
            (Request::Create { reply, .. }, Err(error)) => {
                let _ = reply.send(Err(format!("{error:#}")));
            }
            (Request::Drop { name }, Ok(administrator)) => {
                let statement = format!("DROP DATABASE {name} WITH (FORCE)");
                let dropped = administrator.execute(&statement).await;
                dropped.expect("the database can be dropped");
            }
            (Request::Drop { .. }, Err(_)) => {}
        }
    }
}

struct Administrator {
    cluster: Cluster,
    connection: DatabaseConnection,
    copying: &'static str,
    made: u32,
}

impl Administrator {
    async fn start() -> Result<Self> {
        let cluster = Cluster::start()?;
        let connection = connect(&cluster.url("postgres")?).await?;
        let copying = copying(&connection).await?;
        let administrator = Self {
            cluster,
            connection,
            copying,
            made: 0,
        };
        let url = administrator.new_database(TEMPLATE, EMPTY).await?;
        let template = connect(&url).await?;
        Migrator::up(&template, None).await?;
        template.close().await?;
        // The first connection builds a cache of the system catalogs in a file (`pg_internal.init`), which is copied
        // with the template. Each migration step deletes that file.
        connect(&url).await?.close().await?;
        Ok(administrator)
    }

    async fn create(&mut self, template: &str) -> Result<PostgresDatabase> {
        self.made += 1;
        let name = format!("belay_{}", self.made);
        let url = self.new_database(&name, template).await?;
        Ok(PostgresDatabase { url, name })
    }

    async fn new_database(&self, name: &str, template: &str) -> Result<String> {
        let copying = self.copying;
        self.execute(&format!(
            "CREATE DATABASE {name} TEMPLATE {template}{copying}"
        ))
        .await?;
        self.cluster.url(name)
    }

    async fn execute(&self, statement: &str) -> Result<()> {
        self.connection.execute_unprepared(statement).await?;
        Ok(())
    }
}

/// Returns the clause of `CREATE DATABASE` that says how to copy the template.
///
/// Since version 15, PostgreSQL writes every copied page to its log, to avoid a checkpoint. In memory, the checkpoint
/// is cheaper.
async fn copying(connection: &DatabaseConnection) -> Result<&'static str> {
    let asked = Statement::from_string(DbBackend::Postgres, "SHOW server_version_num");
    let row = connection.query_one_raw(asked).await?;
    let version: String = row
        .context("PostgreSQL returns no version")?
        .try_get_by_index(0)?;
    let copies_files = version.parse::<u32>()? >= 150_000 && scratch::is_in_memory();
    Ok(if copies_files {
        " STRATEGY file_copy"
    } else {
        ""
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread::sleep;
    use std::time::Duration;

    use super::Cluster;

    #[test]
    fn a_cluster_ends_and_leaves_nothing_when_its_pipe_closes() {
        let cluster = Cluster::start().unwrap();
        let folder = cluster.folder.clone();
        let pid_file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
        let pid = pid_file.lines().next().unwrap();
        // This is empty as soon as the process has ended, even if no parent has waited for it.
        let command_line = || fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!command_line().is_empty());

        drop(cluster);

        assert!(!folder.exists());
        // `pg_ctl stop` waits until the pid file is gone. The server removes it just before it ends.
        for _ in 0..100 {
            if command_line().is_empty() {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the server is still running");
    }
}
