//! The HTTP server: accepts connections, serves HTTP/1.1 and HTTP/2 on them, and closes them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::{Response, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::address::Peer;
use super::busy_body::BusyBody;
use super::connections::{Bounds, Connections, Idle, Seat};
use super::framing;
use super::keepalive::Keepalive;
use super::write_progress::{CountedStream, WriteProgress};
use crate::config::HttpConfig;
use crate::shutdown::Shutdown;

/// The interval of HTTP/2 keepalive pings, and the time a peer has to answer one.
const PING: Duration = Duration::from_secs(20);
/// The most concurrent requests on one HTTP/2 connection.
const STREAMS: u32 = 100;
/// The largest head of a request, in bytes: a document in the URL of a GET request, and some kilobytes of headers.
const HEAD: u32 = 32 * 1024;
/// `TCP_NOTSENT_LOWAT`: the most unsent bytes that wait in the kernel. By default the kernel buffers more than a slow
/// reader fetches in minutes: the peer would look stalled, and events could not wait at their source.
const UNSENT: u32 = 16_384;
/// The pause after a failed `accept`. An immediate retry would meet the same fault, such as too few file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often refused connections are logged.
const LOG_EVERY: Duration = Duration::from_secs(1);

/// Accepts connections until the process stops. Each connection is a task that the shutdown waits for.
pub async fn run(
    listener: TcpListener,
    router: Router,
    config: &HttpConfig,
    bounds: Bounds,
    shutdown: Shutdown,
) {
    let served = Arc::new(Served {
        router,
        builder: builder(),
        header_timeout: Duration::from_secs(config.header_timeout_seconds),
        keep_alive: Duration::from_secs(config.keep_alive_seconds),
        body_limit: config.body_limit_bytes,
        stop: shutdown.stopping(),
    });
    let keepalive = Keepalive::of(config);
    let connections = Connections::new(bounds);
    let mut unserved = Unserved::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = served.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => match connections.take(peer.ip()) {
                Some(seat) => {
                    settle(&stream, keepalive);
                    shutdown.spawn(serve(Arc::clone(&served), stream, peer, seat));
                }
                None => unserved.note("too many are open"),
            },
            Err(fault) => {
                unserved.note(&fault.kind().to_string());
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The library would count an idle connection as one that is slow with its head. `Watch` does this instead.
        .header_read_timeout(None)
        .max_buf_size(HEAD as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}

/// Counts connections that could not be served and logs the count: one line each would fill the log.
#[derive(Default)]
struct Unserved {
    count: u64,
    logged_at: Option<Instant>,
}

impl Unserved {
    fn note(&mut self, why: &str) {
        metrics::counter!("belay_http_connections_refused_total").increment(1);
        self.count += 1;
        if self
            .logged_at
            .is_none_or(|logged_at| logged_at.elapsed() >= LOG_EVERY)
        {
            tracing::warn!(why, count = self.count, "connections could not be taken");
            (self.count, self.logged_at) = (0, Some(Instant::now()));
        }
    }
}

/// Sets the socket options of a connection. If that fails, the connection is served all the same.
fn settle(stream: &TcpStream, keepalive: Keepalive) {
    // Answers are small; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(stream);
        let _ = socket.set_tcp_notsent_lowat(UNSENT);
        // A peer that vanished is recognised by unacknowledged data. By default the kernel retries for a quarter of an
        // hour.
        let _ = socket.set_tcp_user_timeout(Some(keepalive.unacknowledged()));
    }
}

/// What all connections of one listener share.
struct Served {
    router: Router,
    builder: Builder<TokioExecutor>,
    header_timeout: Duration,
    keep_alive: Duration,
    body_limit: usize,
    stop: CancellationToken,
}

/// What was received on a connection.
#[derive(Default)]
struct Heard {
    request: AtomicBool,
    is_http_2: AtomicBool,
}

async fn serve(served: Arc<Served>, stream: TcpStream, peer: SocketAddr, seat: Seat) {
    let _counted = Counted::new();
    let (heard, progress) = (Heard::default(), WriteProgress::default());
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        heard.request.store(true, Ordering::Relaxed);
        let is_http_2 = request.version() == Version::HTTP_2;
        heard.is_http_2.store(is_http_2, Ordering::Relaxed);
        let busy = seat.begin(&progress);
        let extensions = request.extensions_mut();
        extensions.insert(Peer(peer));
        extensions.insert(progress.clone());
        extensions.insert(seat.clone());
        let served = Arc::clone(&served);
        async move {
            let response = answer(&served, request).await?;
            Ok::<_, Infallible>(response.map(|body| BusyBody::new(body, busy)))
        }
    });
    let io = TokioIo::new(CountedStream::new(stream, progress.clone()));
    let connection = served.builder.serve_connection_with_upgrades(io, service);
    let mut connection = std::pin::pin!(connection);
    let mut watch = Watch::new(&served);
    let mut tick = tokio::time::interval(watch.every());
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ending = false;
    loop {
        tokio::select! {
            // A connection that ends with an error is the peer's affair.
            _ = connection.as_mut() => return,
            () = seat.needed_by_another() => return,
            _ = tick.tick() => match watch.look(&heard, &progress, seat.idle()) {
                Verdict::Stay => {}
                Verdict::Go => return,
                Verdict::SayGoodbye if ending => {}
                Verdict::SayGoodbye => {
                    ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            },
            () = served.stop.cancelled(), if !ending => {
                ending = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn answer(
    served: &Served,
    request: hyper::Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    match framing::fault(&request) {
        None => served.router.clone().oneshot(request).await,
        Some(fault) => {
            let body = Body::new(request.into_body());
            Ok(framing::refuse(fault, body, served.body_limit, served.header_timeout).await)
        }
    }
}

/// The verdict on a connection.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Stay,
    /// Drop it: the peer would not read a goodbye.
    Go,
    /// Close it gracefully: it is idle.
    SayGoodbye,
}

/// Decides when a connection has been idle, or slow with its head, for too long.
struct Watch {
    header_timeout: Duration,
    keep_alive: Duration,
    opened: Instant,
    /// When the current head began to arrive, and the byte count at which it began.
    head: Option<(Instant, u64)>,
}

impl Watch {
    fn new(served: &Served) -> Self {
        Self {
            header_timeout: served.header_timeout,
            keep_alive: served.keep_alive,
            opened: Instant::now(),
            head: None,
        }
    }

    /// The interval of the checks: short enough that no connection stays much longer than it may.
    fn every(&self) -> Duration {
        let (shortest, longest) = (Duration::from_millis(100), Duration::from_secs(2));
        (self.header_timeout.min(self.keep_alive) / 4).clamp(shortest, longest)
    }

    fn look(&mut self, heard: &Heard, progress: &WriteProgress, idle: Option<Idle>) -> Verdict {
        if !heard.request.load(Ordering::Relaxed) {
            // This also covers a peer that never sends enough to tell its protocol.
            let late = self.opened.elapsed() >= self.header_timeout;
            return if late { Verdict::Go } else { Verdict::Stay };
        }
        let Some(idle) = idle else {
            self.head = None;
            return Verdict::Stay;
        };
        let is_http_2 = heard.is_http_2.load(Ordering::Relaxed);
        // Bytes have arrived since the connection became idle, so a head is on its way.
        if !is_http_2 && progress.heard() > idle.heard {
            let (since, of) = *self.head.get_or_insert((Instant::now(), idle.heard));
            if of != idle.heard {
                self.head = None;
            } else if since.elapsed() >= self.header_timeout {
                return Verdict::Go;
            }
            return Verdict::Stay;
        }
        self.head = None;
        if idle.lasts >= self.keep_alive + self.header_timeout {
            return Verdict::Go;
        }
        if idle.lasts >= self.keep_alive {
            return Verdict::SayGoodbye;
        }
        Verdict::Stay
    }
}

/// Counts an open connection in the gauge until it is dropped.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("belay_http_connections").increment(1);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("belay_http_connections").decrement(1);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::config::{DEFAULTS, load_from};
    use figment::Figment;
    use figment::providers::{Format as _, Toml};

    #[tokio::test]
    async fn a_socket_gets_a_user_timeout_and_a_limit_on_unsent_bytes() {
        let config = load_from(&Figment::from(Toml::string(DEFAULTS))).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        settle(&stream, Keepalive::of(&config.http));
        let socket = socket2::SockRef::from(&stream);
        let given_up = socket.tcp_user_timeout().unwrap();
        assert_eq!(given_up, Some(Duration::from_millis(37_500)));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), UNSENT);
    }
}
