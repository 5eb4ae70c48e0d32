//! A PostgreSQL cluster of the tests' own.
//!
//! The first test that needs PostgreSQL starts it, in a temporary folder, reachable by a socket in
//! that folder alone; it ends with the test process. One thread of its own administers it, over one
//! connection: a connection cannot outlive the runtime of the test that opened it, and a test that
//! drops its database cannot wait for that.

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

/// What has every table and no rows but the seeded ones; databases are cloned from it.
const TEMPLATE: &str = "belay_template";

/// The template every cluster has, with nothing of ours in it.
const EMPTY: &str = "template0";

/// A running cluster, stopped and removed when this is dropped or the process ends in any way.
pub(crate) struct Cluster {
    folder: PathBuf,
    /// Watches its standard input, of which this process holds the other end.
    watchdog: Child,
}

impl Cluster {
    pub(crate) fn start() -> Result<Self> {
        let mut watchdog = Command::new("sh")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/support/postgres.sh"))
            .env("TMPDIR", scratch::folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A Ctrl-C in the terminal is for the tests; the watchdog acts on their end.
            .process_group(0)
            .spawn()
            .context("cannot run sh")?;
        let stdout = watchdog.stdout.take().context("no pipe to read")?;
        let mut said = Vec::new();
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some(folder) = line.strip_prefix("ready ") {
                let folder = folder.into();
                return Ok(Self { folder, watchdog });
            }
            said.push(line);
        }
        watchdog.wait()?;
        bail!("cannot start PostgreSQL: {}", said.join("\n"))
    }

    /// How to reach one of its databases.
    pub(crate) fn url(&self, database: &str) -> Result<String> {
        let host = self.folder.to_str().context("a folder that is not UTF-8")?;
        let server = format!("postgres://postgres@localhost/{database}");
        Ok(reqwest::Url::parse_with_params(&server, [("host", host)])?.into())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // Nothing to do about a failure here: the watchdog tidies up on its own.
        let _ = self.watchdog.wait();
    }
}

/// A database of the cluster, dropped with this.
pub(crate) struct PostgresDatabase {
    url: String,
    name: String,
}

impl PostgresDatabase {
    /// With every migration applied.
    pub(crate) async fn migrated() -> Result<Self> {
        Self::create(TEMPLATE).await
    }

    /// With nothing in it.
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
        // A cluster that has gone took the database with it.
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
            .expect("a runtime for the administrator of the PostgreSQL cluster")
            .block_on(serve(requests));
    });
    sender
});

/// Serves requests until the process ends. A cluster that cannot start fails every one of them,
/// with the reason.
async fn serve(mut requests: mpsc::UnboundedReceiver<Request>) {
    let mut administrator = Administrator::start().await;
    while let Some(request) = requests.recv().await {
        match (request, &mut administrator) {
            (Request::Create { template, reply }, Ok(administrator)) => {
                let database = administrator.create(template).await;
                // A database nobody waits for any more asks for its own removal.
                let _ = reply.send(database.map_err(|error| format!("{error:#}")));
            }
            (Request::Create { reply, .. }, Err(error)) => {
                let _ = reply.send(Err(format!("{error:#}")));
            }
            (Request::Drop { name }, Ok(administrator)) => {
                let statement = format!("DROP DATABASE {name} WITH (FORCE)");
                let dropped = administrator.execute(&statement).await;
                dropped.expect("dropping a database made here");
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
        // A first connection works out what the system's tables are like, and keeps that in a file which is copied
        // with the others. Each step of the migrations removed it.
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

/// How templates are copied, for the end of `CREATE DATABASE`. From version 15 on PostgreSQL writes every page of a copy into
/// its log, which avoids a checkpoint. In memory a checkpoint costs less than that.
async fn copying(connection: &DatabaseConnection) -> Result<&'static str> {
    let asked = Statement::from_string(DbBackend::Postgres, "SHOW server_version_num");
    let row = connection.query_one_raw(asked).await?;
    let version: String = row.context("no version")?.try_get_by_index(0)?;
    let is_told = version.parse::<u32>()? >= 150_000 && scratch::is_in_memory();
    Ok(if is_told { " STRATEGY file_copy" } else { "" })
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
        // Empty from the moment the process has ended, though nobody has waited for it yet.
        let command_line = || fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!command_line().is_empty());

        drop(cluster);

        assert!(!folder.exists());
        // The server removes its pid file, which is what is waited for, just before it ends.
        for _ in 0..100 {
            if command_line().is_empty() {
                return;
            }
            sleep(Duration::from_millis(50));
        }
        panic!("the server is still running");
    }
}
