//! A proxy in front of PostgreSQL that can go silent, like a host without power or network.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::TestDatabase;

/// A TCP proxy in this process, in front of the tests' PostgreSQL.
pub struct SilentProxy {
    address: SocketAddr,
    database: String,
    silent: watch::Sender<bool>,
    counted: Arc<Counted>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Counted {
    accepted: AtomicU32,
    swallowed: AtomicU32,
}

impl SilentProxy {
    /// Starts a proxy in front of a database.
    pub async fn of(database: &TestDatabase) -> Self {
        let url = reqwest::Url::parse(&database.url()).expect("the URL parses");
        let folder = url.query_pairs().find(|(key, _)| key == "host");
        let (_, folder) = folder.expect("the URL names the folder of the socket");
        let socket = PathBuf::from(folder.into_owned()).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let (silent, is_silent) = watch::channel(false);
        let counted = Arc::<Counted>::default();
        let accepting = tokio::spawn(accept(listener, socket, is_silent, Arc::clone(&counted)));
        Self {
            address,
            database: url.path().to_owned(),
            silent,
            counted,
            accepting,
        }
    }

    /// Returns the URL of the database through the proxy.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}{}", self.address, self.database)
    }

    /// Returns host and port of the proxy.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops all traffic. The proxy still accepts new connections, but they are silent as well.
    pub fn silence(&self) {
        self.silent.send_replace(true);
    }

    /// Lets new connections work again. Connections that went silent stay silent.
    pub fn speak(&self) {
        self.silent.send_replace(false);
    }

    /// Returns how many connections the proxy has accepted.
    pub fn accepted(&self) -> u32 {
        self.counted.accepted.load(Ordering::Relaxed)
    }

    /// Returns how many client connections have sent data that was swallowed.
    pub fn swallowed(&self) -> u32 {
        self.counted.swallowed.load(Ordering::Relaxed)
    }
}

impl Drop for SilentProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(
    listener: TcpListener,
    socket: PathBuf,
    silent: watch::Receiver<bool>,
    counted: Arc<Counted>,
) {
    while let Ok((client, _)) = listener.accept().await {
        counted.accepted.fetch_add(1, Ordering::Relaxed);
        let (socket, silent, counted) = (socket.clone(), silent.clone(), Arc::clone(&counted));
        tokio::spawn(carry(client, socket, silent, counted));
    }
}

async fn carry(
    client: TcpStream,
    socket: PathBuf,
    silent: watch::Receiver<bool>,
    counted: Arc<Counted>,
) {
    let Ok(server) = UnixStream::connect(socket).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let swallowed = || {
        counted.swallowed.fetch_add(1, Ordering::Relaxed);
    };
    tokio::join!(
        forward(from_client, to_server, silent.clone(), swallowed),
        forward(from_server, to_client, silent, || ()),
    );
}

/// Forwards data until the proxy goes silent. From then on, swallows all data until the sender closes the connection.
async fn forward(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    silent: watch::Receiver<bool>,
    swallowed: impl Fn(),
) {
    let mut buffer = vec![0; 8192];
    let mut swallows = false;
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !swallows && *silent.borrow() {
            swallows = true;
            swallowed();
        }
        if !swallows && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
