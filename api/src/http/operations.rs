//! What operators' machines ask: is the process alive, can it serve, what has it done.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};

use super::Edge;
use crate::db;

/// A database that takes longer than this is not there for members either.
const DATABASE_PATIENCE: Duration = Duration::from_secs(1);

/// `/healthz`: the process lives. Says nothing of the database: restarting us would not mend it.
pub async fn healthz() -> &'static str {
    "alive\n"
}

/// `/readyz`: the database answers, its schema is up to date, and the process is not about to end.
pub async fn readyz(State(edge): State<Edge>) -> Response<Body> {
    if edge.shutdown.is_draining() {
        return not_ready("the process is ending");
    }
    match tokio::time::timeout(DATABASE_PATIENCE, db::pending(&edge.app.db)).await {
        Ok(Ok(steps)) if steps.is_empty() => "ready\n".into_response(),
        Ok(Ok(_)) => not_ready("the schema is behind: run `belay migrate`"),
        Ok(Err(_)) => not_ready("the database refuses to answer"),
        Err(_) => not_ready("the database does not answer within a second"),
    }
}

fn not_ready(why: &str) -> Response<Body> {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        format!("not ready: {why}\n"),
    )
        .into_response()
}

/// `/metrics`, in Prometheus's text format.
pub async fn metrics(State(edge): State<Edge>) -> Response<Body> {
    let pool = edge.app.db.size();
    metrics::gauge!("belay_db_connections", "state" => "idle").set(pool.idle);
    metrics::gauge!("belay_db_connections", "state" => "busy")
        .set(pool.open.saturating_sub(pool.idle));
    let format = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (format, edge.metrics.render()).into_response()
}
