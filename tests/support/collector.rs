//! A trace collector: it keeps all data posted to `/v1/traces`.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running collector. It stops when this is dropped.
pub struct Collector {
    address: SocketAddr,
    received: Arc<Mutex<Vec<u8>>>,
    server: JoinHandle<()>,
}

impl Collector {
    /// Starts a collector on a free loopback port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::<Mutex<Vec<u8>>>::default();
        let kept = Arc::clone(&received);
        let keep = post(move |body: Bytes| {
            kept.lock().unwrap().extend_from_slice(&body);
            async {}
        });
        let routes = Router::new().route("/v1/traces", keep);
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            address,
            received,
            server,
        }
    }

    /// Returns the URL for `log.otlp_url`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns all received data. Strings in protobuf messages are readable; bytes that are not UTF-8 are replaced.
    pub fn received(&self) -> String {
        let received = self.received.lock().unwrap();
        String::from_utf8_lossy(&received).into_owned()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}
