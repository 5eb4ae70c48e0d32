//! A way to PostgreSQL that can go silent, as a host does whose power or network is gone.

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
    /// Listens in front of a database.
    pub async fn of(database: &TestDatabase) -> Self {
        let url = reqwest::Url::parse(&database.url()).expect("a URL");
        let folder = url.query_pairs().find(|(key, _)| key == "host");
        let (_, folder) = folder.expect("a cluster that is reached by its socket");
        let socket = PathBuf::from(folder.into_owned()).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (silent, told) = watch::channel(false);
        let counted = Arc::<Counted>::default();
        let accepting = tokio::spawn(accept(listener, socket, told, Arc::clone(&counted)));
        Self {
            address,
            database: url.path().to_owned(),
            silent,
            counted,
            accepting,
        }
    }

    /// The URL of the database by this way.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}{}", self.address, self.database)
    }

    /// Host and port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on nothing arrives any more: not by the connections there are, nor by new ones, which are accepted.
    pub fn silence(&self) {
        self.silent.send_replace(true);
    }

    /// New connections work again. Those that were silenced stay so.
    pub fn speak(&self) {
        self.silent.send_replace(false);
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> u32 {
        self.counted.accepted.load(Ordering::Relaxed)
    }

    /// How many connections have sent something into the silence so far.
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

/// Forwards until silence falls; from then on reads and keeps it all, until the sender goes away.
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
