//! A NATS server for one test, on a loopback port.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpSocket;

use crate::process;

/// The pause between two checks for the server.
const PAUSE: Duration = Duration::from_millis(20);
/// How many checks are made.
const LOOKS: usize = 1500;
/// The limit of the wait for the server's greeting.
const PATIENCE: Duration = Duration::from_secs(5);

/// A NATS server. It is killed when this is dropped.
pub struct NatsServer {
    folder: TempDir,
    address: SocketAddr,
    /// This socket is bound but never listens. It keeps the port reserved while NATS does not run.
    _reserved: TcpSocket,
    child: Option<Child>,
}

impl NatsServer {
    /// Starts a server that needs no login.
    pub fn start() -> Self {
        Self::configured("")
    }

    /// Starts a server with this configuration.
    pub fn configured(config: &str) -> Self {
        let reserved = TcpSocket::new_v4().expect("a socket opens");
        // NATS sets the same option, and can then listen on this port.
        reserved.set_reuseaddr(true).expect("the option is set");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        reserved.bind(any).expect("a port is free");
        let mut server = Self {
            folder: TempDir::with_prefix("belay-nats-").expect("the folder is created"),
            address: reserved.local_addr().expect("the socket has an address"),
            _reserved: reserved,
            child: None,
        };
        fs::write(server.folder.path().join("nats.conf"), config).expect("the file is written");
        server.start_again();
        server
    }

    /// Starts the server again on the same port, and waits until it accepts connections.
    pub fn start_again(&mut self) {
        let child = self.spawn();
        self.child = Some(child);
        for _ in 0..LOOKS {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok()?);
            assert!(ended.is_none(), "NATS ended at its start: {}", self.log());
            if self.greets() {
                return;
            }
            sleep(PAUSE);
        }
        panic!("NATS does not answer: {}", self.log());
    }

    /// Returns whether the port answers with NATS's greeting.
    fn greets(&self) -> bool {
        let greeting = TcpStream::connect(self.address).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            let mut word = [0; 5];
            stream.read_exact(&mut word).map(|()| word)
        });
        greeting.is_ok_and(|word| &word == b"INFO ")
    }

    /// Kills the server, which closes every connection.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("NATS can be killed");
            child.wait().expect("NATS can be waited for");
        }
    }

    /// Sends a signal to the server, by its short name.
    pub fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("NATS runs");
        process::signal(child.id(), name);
    }

    /// Returns the URL for `bus.url`. `login` comes before the address and ends with `@`, or is empty.
    pub fn url(&self, login: &str) -> String {
        format!("nats://{login}{}", self.address)
    }

    /// Returns the configuration of a process that uses this server.
    pub fn toml(&self) -> String {
        format!("[bus]\nurl = {:?}\n", self.url(""))
    }

    fn spawn(&self) -> Child {
        let path = self.folder.path();
        let child = Command::new(program())
            .arg("--config")
            .arg(path.join("nats.conf"))
            .arg("--log")
            .arg(path.join("nats.log"))
            .args(["--addr", &self.address.ip().to_string()])
            .args(["--port", &self.address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child.expect(
            "nats-server is not installed. On Debian and Ubuntu: apt-get install nats-server (tests/run \
             does it)",
        )
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("nats.log")).unwrap_or_default()
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Returns the name or path of the program. Debian installs it in a folder that only root's `PATH` lists.
fn program() -> &'static str {
    if Command::new("nats-server")
        .arg("--version")
        .output()
        .is_ok()
    {
        "nats-server"
    } else {
        "/usr/sbin/nats-server"
    }
}
