//! Which address is answered by whom, and what every answer has in common.

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{get, post};
use futures::FutureExt as _;
use http::{HeaderName, HeaderValue, Response, header};

use super::request_log::RequestId;
use super::{Edge, graphiql, graphql, operations as ops, respond};
use crate::config::Mode;
use crate::dev;

/// The API; with `/healthz`, `/readyz` and `/metrics` where they have no address of their own, and with
/// the developer's tools in development.
pub fn api(edge: &Edge) -> Router {
    let config = &edge.app.config;
    let mut routes = Router::new().route("/graphql", post(graphql::post));
    if config.operations.bind.is_none() {
        routes = routes.merge(operator_routes());
    }
    if config.mode == Mode::Development {
        routes = routes
            .route("/", get(graphiql::page))
            .merge(dev::routes::routes());
    }
    dressed(routes, edge)
}

/// What operators ask, alone.
pub fn operations(edge: &Edge) -> Router {
    dressed(operator_routes(), edge)
}

fn operator_routes() -> Router<Edge> {
    Router::new()
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
}

fn dressed(routes: Router<Edge>, edge: &Edge) -> Router {
    routes
        .fallback(respond::nothing_here)
        .layer(from_fn_with_state(edge.clone(), envelope))
        .with_state(edge.clone())
}

const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// Names the request, outlives its panics, and says to browsers what they may do with the answer.
async fn envelope(State(edge): State<Edge>, mut request: Request, next: Next) -> Response<Body> {
    let id = RequestId(edge.app.ids.next());
    request.extensions_mut().insert(id);
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response = answer.unwrap_or_else(|_| {
        tracing::error!(request_id = %id.0, "a request panicked");
        respond::fault(id.0)
    });

    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if edge.app.config.mode == Mode::Production {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    if let Ok(id) = HeaderValue::from_str(&id.0.to_string()) {
        headers.insert("x-request-id", id);
    }
    response
}
