//! Connections: taking them, serving HTTP/1.1 and HTTP/2 on them, and letting them end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::address::Peer;
use super::pulse::Pulse;
use super::taken::{Measured, Taken};
use crate::config::HttpConfig;
use crate::shutdown::Shutdown;

/// HTTP/2 connections are asked so often whether they are still there, and have this long to say yes.
const PING: Duration = Duration::from_secs(20);
/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 100;
/// So much may wait unsent in the kernel, which takes more than a peer who reads slowly fetches in minutes: it would
/// look as if he read nothing, and events could not wait where they come from.
const UNSENT: u32 = 16_384;
/// Out of file descriptors, say: the next try would meet the same.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until the process stops; each is a task that the shutdown waits for.
pub async fn run(listener: TcpListener, router: Router, config: &HttpConfig, shutdown: Shutdown) {
    let header_timeout = Duration::from_secs(config.header_timeout_seconds);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    let builder = Arc::new(builder);
    let stop = shutdown.stopping();
    let pulse = Pulse::of(config);
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            () = stop.cancelled() => return,
        };
        match taken {
            Ok((stream, peer)) => {
                settle(&stream, pulse);
                let connection = Connection {
                    router: router.clone(),
                    builder: Arc::clone(&builder),
                    header_timeout,
                    stop: stop.clone(),
                };
                shutdown.spawn(connection.serve(stream, peer));
            }
            Err(fault) => {
                tracing::warn!(kind = %fault.kind(), "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// How the kernel is to treat a connection. One that refuses is served all the same.
fn settle(stream: &TcpStream, pulse: Pulse) {
    // Answers are small; waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(stream);
        let _ = socket.set_tcp_notsent_lowat(UNSENT);
        // Whoever has left without a word is known by what he does not acknowledge; left to itself, the kernel asks
        // for a quarter of an hour.
        let _ = socket.set_tcp_user_timeout(Some(pulse.unacknowledged()));
    }
}

struct Connection {
    router: Router,
    builder: Arc<Builder<TokioExecutor>>,
    header_timeout: Duration,
    stop: CancellationToken,
}

impl Connection {
    async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        let _counted = Counted::new();
        let heard = AtomicBool::new(false);
        let taken = Taken::default();
        let service = service_fn(|mut request: hyper::Request<Incoming>| {
            heard.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(taken.clone());
            self.router.clone().call(request)
        });
        let io = TokioIo::new(Measured::new(stream, taken.clone()));
        let connection = self.builder.serve_connection_with_upgrades(io, service);
        let mut connection = std::pin::pin!(connection);
        // The header timeouts begin when the protocol is known; a peer that never says enough to tell
        // would stay for ever.
        let mut patience = std::pin::pin!(tokio::time::sleep(self.header_timeout));
        let (mut waiting, mut stopping) = (true, false);
        loop {
            tokio::select! {
                // How a connection ends is the peer's affair.
                _ = connection.as_mut() => return,
                () = patience.as_mut(), if waiting => {
                    waiting = false;
                    if !heard.load(Ordering::Relaxed) {
                        return;
                    }
                }
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// Holds the gauge of open connections up while it lives.
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
    async fn a_connection_is_given_up_when_nothing_arrives() {
        let config = load_from(&Figment::from(Toml::string(DEFAULTS))).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        settle(&stream, Pulse::of(&config.http));
        let socket = socket2::SockRef::from(&stream);
        let given_up = socket.tcp_user_timeout().unwrap();
        assert_eq!(given_up, Some(Duration::from_millis(37_500)));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), UNSENT);
    }
}
