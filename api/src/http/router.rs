//! The routes, and what all answers have in common.

use std::panic::AssertUnwindSafe;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::{any, get};
use futures::FutureExt as _;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use tower_http::compression::CompressionLayer;
use tracing::Instrument as _;

use super::browsers::Apps;
use super::request_log::RequestId;
use super::{HttpState, admin as ops, browsers, graphiql, graphql, host, respond};
use crate::config::Mode;
use crate::graphql::code::Code;

/// The routes of the API. `/healthz`, `/readyz` and `/metrics` are included unless they have an address of their own.
/// In development the routes of `developers` are included too.
pub fn api(state: &HttpState, developers: Router<HttpState>) -> Router {
    let config = &state.app.config;
    let mut routes = Router::new().route("/graphql", any(graphql::answer));
    if let Some(dashboards) = browsers::dashboards(&config.http) {
        routes = routes.layer(dashboards);
    }
    // This layer is outside the dashboard's, so that it answers an app's preflight first.
    routes = routes.layer(from_fn_with_state(Apps::of(config), browsers::apps));
    if config.operations.bind.is_none() {
        routes = routes.merge(operator_routes());
    }
    if config.mode == Mode::Development {
        routes = routes.route("/", get(graphiql::page)).merge(developers);
    }
    dressed(routes, state)
}

/// The operators' routes alone. `serves` tells a process that serves members from one that runs only the worker.
pub fn operations(state: &HttpState, serves: bool) -> Router {
    let routes = if serves {
        operator_routes()
    } else {
        common_routes().route("/readyz", get(ops::readyz_of_worker))
    };
    dressed(routes, state)
}

fn operator_routes() -> Router<HttpState> {
    common_routes().route("/readyz", get(ops::readyz))
}

fn common_routes() -> Router<HttpState> {
    Router::new()
        .route("/healthz", get(ops::healthz))
        .route("/metrics", get(ops::metrics))
}

fn dressed(routes: Router<HttpState>, state: &HttpState) -> Router {
    routes
        .fallback(respond::nothing_here)
        // Compression is inside the envelope, and added after the routes, so that logs and limits see the uncompressed
        // answer.
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(state.clone(), envelope))
        .with_state(state.clone())
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

/// Gives the request an id, catches panics, and adds the security headers to the answer.
async fn envelope(
    State(state): State<HttpState>,
    mut request: Request,
    next: Next,
) -> Response<Body> {
    let id = RequestId(state.app.ids.next());
    request.extensions_mut().insert(id);
    let in_development = state.app.config.mode == Mode::Development;
    let mut response = if in_development && !host::is_local(request.uri(), request.headers()) {
        misdirected()
    } else {
        let answer = next.run(request).instrument(id.span());
        let answer = AssertUnwindSafe(answer).catch_unwind().await;
        answer.unwrap_or_else(|_| {
            tracing::error!(request_id = %id.0, "a request panicked");
            respond::fault(id.0)
        })
    };

    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if !in_development {
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

fn misdirected() -> Response<Body> {
    respond::error(
        StatusCode::MISDIRECTED_REQUEST,
        Code::BadRequest.as_str(),
        "In development the host must be an address, localhost or a name of the local network.",
    )
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format as _, Toml};
    use http_body_util::BodyExt as _;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt as _;
    use uuid::Uuid;

    use super::*;
    use crate::account::token;
    use crate::app::{App, Surroundings};
    use crate::clock::Clock;
    use crate::config::{DEFAULTS, load_from};
    use crate::db::{self, Db};
    use crate::dev_outbox::DevOutbox;
    use crate::entropy::Entropy;
    use crate::http::address::Peer;
    use crate::keys::Keys;
    use crate::push::transport::from_config;
    use crate::shutdown::Shutdown;
    use crate::viewer::SignedIn;

    /// Returns the state on a database without migrations, and the folder of that database.
    async fn state() -> (HttpState, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("belay.db").display());
        let layers = Figment::from(Toml::string(DEFAULTS)).merge(("database.url", url));
        let config = load_from(&layers).unwrap();
        db::make_file(&config.database).unwrap();
        let db = Db::connect(&config.database).await.unwrap();
        let (clock, dev_outbox) = (Clock::system(), DevOutbox::new(false));
        let surroundings = Surroundings {
            push: from_config(&config, &clock, &dev_outbox).unwrap(),
            clock,
            entropy: Entropy::seeded(1),
            dev_outbox,
            follow: crate::consequences::follow,
            zones: crate::zones::Installed::bundled(),
        };
        let app = App::new(
            config,
            db,
            Keys::derive(&"x".repeat(32).into()),
            surroundings,
        );
        let app = app.unwrap();
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let state = HttpState::new(app, Shutdown::default(), metrics);
        (state.unwrap_or_else(|error| panic!("{error}")), folder)
    }

    async fn json_of(response: Response<Body>) -> serde_json::Value {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }

    #[tokio::test]
    async fn an_outage_changes_the_status_only_for_graphql_response_json() {
        let (state, _folder) = state().await;
        let app = &state.app;
        app.db.close().await;
        let who = SignedIn {
            member: entity::MemberId(Uuid::from_u128(1)),
            session: entity::SessionId(Uuid::from_u128(2)),
        };
        let lives = chrono::TimeDelta::minutes(5);
        let token = token::issue(&app.keys, who, 0, app.clock.now() + lives).unwrap();
        for (accept, status) in [
            (
                "application/graphql-response+json",
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            ("application/json", StatusCode::OK),
        ] {
            let body = serde_json::json!({ "query": "{ changes(first: 1) { hasMore } circle(id: 1) { id } }" });
            let request = Request::post("/graphql")
                .extension(Peer(([127, 0, 0, 1], 1).into()))
                .header(header::ACCEPT, accept)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .body(Body::from(body.to_string()));
            let response = api(&state, Router::new())
                .oneshot(request.unwrap())
                .await
                .unwrap();
            assert_eq!(response.status(), status, "{accept}");
            assert_eq!(response.headers()[header::RETRY_AFTER], "5");
            let body = json_of(response).await;
            assert!(body.get("data").is_none(), "{body}");
            let extensions = &body["errors"][0]["extensions"];
            assert_eq!(extensions["code"], "UNAVAILABLE");
            assert_eq!(extensions["retryAfter"], 5);
        }
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_only_the_request_id() {
        let (state, _folder) = state().await;
        let panics = get(|| async { panic!("his passphrase is hunter2") as &str });
        let routes = dressed(Router::new().route("/panics", panics), &state);
        let request = Request::get("/panics").body(Body::empty()).unwrap();
        let response = routes.oneshot(request).await.unwrap();

        assert_eq!(response.status(), 500);
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let body = json_of(response).await;
        let extensions = &body["errors"][0]["extensions"];
        assert_eq!(extensions["code"], "INTERNAL_SERVER_ERROR");
        assert_eq!(extensions["requestId"], id);
        assert!(!body.to_string().contains("hunter2"));
    }
}
