//! A PostgreSQL server for a single fault: on a loopback port, with `fsync` on.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{TestDatabase, eventually, signal};
use tempfile::TempDir;
use tokio::net::TcpStream;

/// A PostgreSQL server. Stops when dropped.
pub struct Cluster {
    _folder: TempDir,
    data: PathBuf,
    port: u16,
}

impl Cluster {
    /// Starts a server.
    pub async fn start() -> Self {
        let folder = folder();
        let data = folder.path().join("data");
        let made = Self::new(folder, data).initialised();
        made.run().await;
        made
    }

    /// Starts a server with its files in `data`.
    pub async fn start_in(data: PathBuf) -> Self {
        let made = Self::new(folder(), data).initialised();
        made.run().await;
        made
    }

    /// Starts a standby of this server. From then on the server acknowledges each commit only when the standby has it.
    pub async fn standby(&self) -> Self {
        let folder = folder();
        let data = folder.path().join("data");
        let standby = Self::new(folder, data);
        let from = format!("host=127.0.0.1 port={} user=postgres", self.port);
        let copy = [
            "-d",
            &from,
            "-D",
            standby.path(),
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "-S",
            "standby",
            "-C",
        ];
        succeeds(as_owner("pg_basebackup").args(copy));
        standby.configure("hot_standby = on\n");
        standby.run().await;
        self.configure("synchronous_standby_names = '*'\n");
        self.control(&["reload"]);
        standby
    }

    fn new(folder: TempDir, data: PathBuf) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("an address").port();
        Self {
            _folder: folder,
            data,
            port,
        }
    }

    fn initialised(self) -> Self {
        let made = [
            "-D",
            self.path(),
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ];
        succeeds(as_owner("initdb").args(made));
        self.configure(
            "max_connections = 100\nshared_buffers = 32MB\nmin_wal_size = 32MB\nmax_wal_size = 64MB\n",
        );
        self
    }

    /// Appends configuration lines. The last line of a key wins.
    pub fn configure(&self, lines: &str) {
        let file = self.data.join("postgresql.conf");
        let before = fs::read_to_string(&file).expect("a configuration");
        let ours = format!(
            "{lines}port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n",
            self.port
        );
        fs::write(&file, before + &ours).expect("a configuration");
    }

    /// Starts the server, and waits until it accepts connections.
    pub async fn run(&self) {
        // After a crash processes of the former server may still hold its shared memory.
        eventually("PostgreSQL starts", async || {
            let started = self.try_control(&["start", "--wait", "-l", "/dev/null"]);
            started.status.success()
        })
        .await;
    }

    /// Starts the server if it does not run.
    pub async fn run_if_down(&self) {
        if !self.try_control(&["status"]).status.success() {
            self.run().await;
        }
    }

    /// Shuts the server down cleanly, without waiting for its clients.
    pub fn stop(&self) {
        self.control(&["stop", "-m", "fast"]);
    }

    /// Promotes this standby to primary.
    pub fn promote(&self) {
        self.control(&["promote", "--wait"]);
    }

    /// Reloads the configuration.
    pub fn reload(&self) {
        self.control(&["reload"]);
    }

    /// Kills the postmaster; its children then end by themselves.
    pub fn kill(&self) {
        signal(self.first(), "KILL");
    }

    /// Sends a signal to every process of the server.
    pub fn signal_all(&self, name: &str) {
        let first = self.first();
        let children =
            succeeds(Command::new("ps").args(["-o", "pid=", "--ppid", &first.to_string()]));
        if name == "CONT" {
            signal(first, name);
        }
        for child in String::from_utf8_lossy(&children.stdout).split_whitespace() {
            let kill = format!("kill -{name} {child} 2>/dev/null || true");
            succeeds(Command::new("sh").args(["-c", &kill]));
        }
        if name != "CONT" {
            signal(first, name);
        }
    }

    /// Waits until nothing listens on its port.
    pub async fn is_gone(&self) {
        let address = ("127.0.0.1", self.port);
        eventually("PostgreSQL is gone", async || {
            TcpStream::connect(address).await.is_err()
        })
        .await;
    }

    /// Returns host and port, as in a URL.
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns its database, with every migration applied.
    pub async fn database(&self) -> TestDatabase {
        TestDatabase::at(&format!(
            "postgres://postgres@{}/postgres",
            self.authority()
        ))
        .await
    }

    fn first(&self) -> u32 {
        let file = fs::read_to_string(self.data.join("postmaster.pid")).expect("it runs");
        file.lines()
            .next()
            .expect("a line")
            .parse()
            .expect("a process")
    }

    fn path(&self) -> &str {
        self.data.to_str().expect("a path in UTF-8")
    }

    fn control(&self, arguments: &[&str]) {
        let output = self.try_control(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    fn try_control(&self, arguments: &[&str]) -> Output {
        let mut control = as_owner("pg_ctl");
        control.args(["-D", self.path(), "-s"]).args(arguments);
        control.output().expect("pg_ctl runs")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.try_control(&["stop", "-m", "immediate"]);
    }
}

/// Creates a temporary folder that the server can use.
fn folder() -> TempDir {
    let folder = TempDir::with_prefix("belay-cluster-").expect("a temporary folder");
    give(folder.path());
    folder
}

/// Gives a folder to the user `postgres` if the tests run as root: PostgreSQL refuses to run as root.
pub fn give(folder: &Path) {
    if is_root() {
        let id = succeeds(Command::new("id").args(["-u", "postgres"]));
        let id = String::from_utf8_lossy(&id.stdout)
            .trim()
            .parse()
            .expect("a user's number");
        chown(folder, Some(id), Some(id)).expect("root may give");
    }
}

pub fn is_root() -> bool {
    let id = succeeds(Command::new("id").arg("-u"));
    id.stdout.trim_ascii() == b"0"
}

/// A command for a PostgreSQL program, from where distributions install it. It runs as `postgres` if the tests run as
/// root.
fn as_owner(name: &str) -> Command {
    let found = "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5n | tail -n 1";
    let found = succeeds(Command::new("sh").args(["-c", found]));
    let folder = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    let program = if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    };
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command
            .args([
                "--reuid=postgres",
                "--regid=postgres",
                "--init-groups",
                "--",
            ])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/");
    command
}

pub fn succeeds(command: &mut Command) -> Output {
    let output = command.output().expect("a program that runs");
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}
