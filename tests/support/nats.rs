//! A NATS server of a test's own, on a loopback port.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

/// It is looked for so often, and so many times.
const PAUSE: Duration = Duration::from_millis(20);
const LOOKS: usize = 1500;

/// See the module. Killed when this is dropped.
pub struct NatsServer {
    folder: TempDir,
    address: SocketAddr,
    child: Option<Child>,
}

impl NatsServer {
    /// A server that lets everybody in.
    pub fn start() -> Self {
        Self::configured("")
    }

    /// A server with a configuration of the test's own.
    pub fn configured(config: &str) -> Self {
        // Whoever takes the port in between keeps it; then there is another.
        let tried = (0..10).find_map(|_| {
            let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let mut server = Self {
                folder: TempDir::with_prefix("belay-nats-").expect("a temporary folder"),
                address: free.local_addr().expect("an address"),
                child: None,
            };
            fs::write(server.folder.path().join("nats.conf"), config).expect("a file in it");
            drop(free);
            server.run().then_some(server)
        });
        tried.expect("a NATS server that starts")
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self) {
        assert!(self.run(), "NATS does not start again: {}", self.log());
    }

    /// Ends it at once, and with it every connection.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("a child can be killed");
            child.wait().expect("a child's end can be waited for");
        }
    }

    /// As `bus.url` takes it, with what goes before an `@` in front of the address.
    pub fn url(&self, login: &str) -> String {
        format!("nats://{login}{}", self.address)
    }

    /// The configuration of a process that uses it.
    pub fn toml(&self) -> String {
        format!("[bus]\nurl = {:?}\n", self.url(""))
    }

    /// Whether it takes connections now; false when it ended instead.
    fn run(&mut self) -> bool {
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
        let child = child.expect(
            "no nats-server on this machine: install it, on Debian and Ubuntu: apt-get install nats-server \
             (tests/run does it)",
        );
        let child = self.child.insert(child);
        for _ in 0..LOOKS {
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            if child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            sleep(PAUSE);
        }
        panic!("waited in vain for NATS: {}", self.log());
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
