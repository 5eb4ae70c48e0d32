//! A NATS server of a test's own, on a loopback port.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpSocket;

use crate::process;

/// It is looked for so often, and so many times.
const PAUSE: Duration = Duration::from_millis(20);
const LOOKS: usize = 1500;
/// For its first word.
const PATIENCE: Duration = Duration::from_secs(5);

/// See the module. Killed when this is dropped.
pub struct NatsServer {
    folder: TempDir,
    address: SocketAddr,
    /// Bound and never listened on: while NATS is stopped, and before it starts, nobody else is given the port.
    _reserved: TcpSocket,
    child: Option<Child>,
}

impl NatsServer {
    /// A server that lets everybody in.
    pub fn start() -> Self {
        Self::configured("")
    }

    /// A server with a configuration of the test's own.
    pub fn configured(config: &str) -> Self {
        let reserved = TcpSocket::new_v4().expect("a socket");
        // NATS asks for the same, and may then listen where this is only bound.
        reserved.set_reuseaddr(true).expect("a socket");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        reserved.bind(any).expect("a free port");
        let mut server = Self {
            folder: TempDir::with_prefix("belay-nats-").expect("a temporary folder"),
            address: reserved.local_addr().expect("an address"),
            _reserved: reserved,
            child: None,
        };
        fs::write(server.folder.path().join("nats.conf"), config).expect("a file in it");
        server.start_again();
        server
    }

    /// Starts it again where it was, and waits until it takes connections.
    pub fn start_again(&mut self) {
        let child = self.spawn();
        self.child = Some(child);
        for _ in 0..LOOKS {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok()?);
            assert!(ended.is_none(), "NATS does not start: {}", self.log());
            if self.greets() {
                return;
            }
            sleep(PAUSE);
        }
        panic!("waited in vain for NATS: {}", self.log());
    }

    /// Whether somebody is there who speaks as NATS does first.
    fn greets(&self) -> bool {
        let greeting = TcpStream::connect(self.address).and_then(|mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            let mut word = [0; 5];
            stream.read_exact(&mut word).map(|()| word)
        });
        greeting.is_ok_and(|word| &word == b"INFO ")
    }

    /// Ends it at once, and with it every connection.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child's end can be waited for");
        }
    }

    /// Sends it a signal, by its short name.
    pub fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("it runs");
        process::signal(child.id(), name);
    }

    /// As `bus.url` takes it, with what goes before an `@` in front of the address.
    pub fn url(&self, login: &str) -> String {
        format!("nats://{login}{}", self.address)
    }

    /// The configuration of a process that uses it.
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
            "no nats-server on this machine: install it, on Debian and Ubuntu: apt-get install nats-server \
             (tests/run does it)",
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

/// Debian keeps it where only root's PATH leads.
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
