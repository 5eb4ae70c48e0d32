//! The sockets, and the routing of requests to the two servers.

use std::{
    collections::VecDeque,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use http_body_util::BodyExt;
use hyper::{Method, Request, Response, body::Incoming, http::request::Parts, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::JoinSet,
    time,
};

use super::{
    Answer, METADATA_PATH, PROJECT_ID, Received, Shared, TOKEN_PATH,
    answer::{self, Body},
    check, oauth,
};

/// Google's limit of concurrent streams.
const MAX_CONCURRENT_STREAMS: u32 = 100;
/// How long connections may take to close after the fake stops.
const GRACE: Duration = Duration::from_secs(2);

pub(super) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut shutdown) => break,
            Some(_) = connections.join_next() => continue,
        };
        if let Ok((stream, _)) = accepted {
            connections.spawn(connection(stream, Arc::clone(&shared), shutdown.clone()));
        }
    }
    drop(listener);
    // Dropping the set aborts the remaining connections.
    let _ = time::timeout(GRACE, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
}

/// Waits until the fake is stopped or dropped.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// The state of one connection, which its requests share.
struct Connection {
    number: u64,
    shared: Arc<Shared>,
    go_away: Notify,
    shutdown: watch::Receiver<bool>,
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, mut shutdown: watch::Receiver<bool>) {
    let number = {
        let mut state = shared.state();
        state.connections += 1;
        state.connections
    };
    let connection = Arc::new(Connection {
        number,
        shared,
        go_away: Notify::new(),
        shutdown: shutdown.clone(),
    });
    let service = service_fn({
        let connection = Arc::clone(&connection);
        move |request| {
            let connection = Arc::clone(&connection);
            async move { connection.answer(request).await }
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .max_concurrent_streams(MAX_CONCURRENT_STREAMS);
    let mut serving = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = serving.as_mut() => return,
        () = connection.go_away.notified() => {}
        () = stopped(&mut shutdown) => {}
    }
    serving.as_mut().graceful_shutdown();
    // An error here means that the client has closed the connection.
    let _ = serving.await;
}

impl Connection {
    async fn answer(&self, request: Request<Incoming>) -> hyper::Result<Response<Body>> {
        let (parts, body) = request.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let send_path = format!("/v1/projects/{PROJECT_ID}/messages:send");
        let response = match parts.uri.path() {
            TOKEN_PATH => oauth::token(&self.shared, &parts, &bytes),
            METADATA_PATH => oauth::metadata_token(&self.shared, &parts),
            path if path == send_path && parts.method == Method::POST => {
                let _in_flight = InFlight::enter(&self.shared);
                let latency = self.shared.state().latency;
                let response = self.send(parts, &bytes);
                time::sleep(latency).await;
                response
            }
            path if path.ends_with("/messages:send") => {
                Some(answer::bare(403, "PERMISSION_DENIED"))
            }
            _ => Some(answer::html(404)),
        };
        if let Some(response) = response {
            return Ok(response);
        }
        stopped(&mut self.shutdown.clone()).await;
        Ok(answer::html(503))
    }

    fn send(&self, parts: Parts, bytes: &[u8]) -> Option<Response<Body>> {
        let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let target = |field: &str| body["message"][field].as_str().map(str::to_owned);
        let (field, address) = match (target("fid"), target("token")) {
            (Some(fid), _) => ("fid", fid),
            (None, Some(token)) => ("token", token),
            (None, None) => ("token", String::new()),
        };
        let violations = check::violations(&parts.headers, bytes, &body);

        let mut state = self.shared.state();
        let authorised = state.oauth.is_authorised(&parts.headers);
        state.requests.push(Received {
            address: address.clone(),
            body,
            headers: parts.headers,
            version: parts.version,
            connection: self.number,
            authorised,
            at: Instant::now(),
        });
        if !authorised {
            return Some(answer::bare(401, "UNAUTHENTICATED"));
        }
        if !violations.is_empty() {
            state.violations.extend(violations);
            return Some(answer::invalid_argument("message"));
        }
        let scripted = state
            .scripts
            .get_mut(&address)
            .and_then(VecDeque::pop_front);
        let answer = scripted.unwrap_or_else(|| state.otherwise.clone());
        if matches!(answer, Answer::Accept | Answer::GoAway) {
            state.accepted += 1;
        }
        let name = format!("projects/{PROJECT_ID}/messages/{}", state.accepted);
        drop(state);
        if answer == Answer::GoAway {
            self.go_away.notify_one();
        }
        answer::response(&answer, field, &name)
    }
}

/// Counts a message as in flight until this is dropped.
struct InFlight<'a>(&'a Shared);

impl<'a> InFlight<'a> {
    fn enter(shared: &'a Shared) -> Self {
        let mut state = shared.state();
        state.in_flight += 1;
        state.most_in_flight = state.most_in_flight.max(state.in_flight);
        Self(shared)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}
