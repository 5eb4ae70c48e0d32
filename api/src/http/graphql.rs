//! `POST /graphql`: one JSON request in, one GraphQL answer out.

use std::time::Duration;

use async_graphql::{Request as Operation, Response as Outcome, ServerError, Value};
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use http::{Response, StatusCode};

use super::address::{Peer, client_address};
use super::document::{self, Refusal};
use super::request_log::{RequestId, RequestLine};
use super::viewer::{BadToken, viewer};
use super::{Edge, errors, respond};
use crate::graphql::context::Sender;

/// Answers one request.
pub async fn post(
    State(edge): State<Edge>,
    Extension(id): Extension<RequestId>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    let mut line = RequestLine::begin(id);
    match answer(&edge, peer, request, &mut line).await {
        Ok(mut outcome) => {
            let codes = errors::settle(&mut outcome.errors, id.0);
            line.answered(StatusCode::OK, codes);
            // Without execution there is no data, and then there is no such key (GraphQL §7.1).
            let executed = outcome.data != Value::Null || outcome.errors.iter().any(has_path);
            if executed {
                respond::json(StatusCode::OK, &outcome)
            } else {
                respond::errors(StatusCode::OK, &outcome.errors)
            }
        }
        Err(Refusal { status, error }) => {
            let mut errors = [*error];
            let codes = errors::settle(&mut errors, id.0);
            line.answered(status, codes);
            respond::errors(status, &errors)
        }
    }
}

fn has_path(error: &ServerError) -> bool {
    !error.path.is_empty()
}

async fn answer(
    edge: &Edge,
    Peer(peer): Peer,
    request: Request,
    line: &mut RequestLine,
) -> Result<Outcome, Refusal> {
    let http = &edge.app.config.http;
    let patience = Duration::from_secs(http.operation_timeout_seconds);
    let (head, body) = request.into_parts();
    document::check_content_type(&head.headers)?;
    let body = document::read(body, http.body_limit_bytes, patience).await?;
    let (mut operation, kind) = document::parse(&body)?;
    line.operation(kind.kind, kind.name.as_deref());

    let viewer = viewer(&edge.app, &head.headers).map_err(|BadToken| {
        Refusal::new(
            StatusCode::OK,
            "UNAUTHENTICATED",
            "The access token is not good any more: refresh it, or sign in again.",
        )
    })?;
    line.member = viewer.member();
    let address = client_address(peer, &head.headers, http.trusted_proxies);
    operation = Operation::data(operation, Sender::new(viewer, address));

    let work = line.stats.scope(edge.schema.execute(operation));
    let outcome = tokio::time::timeout(patience, work).await;
    outcome.map_err(|_| {
        Refusal::new(
            StatusCode::OK,
            "TIMEOUT",
            "This took too long and was given up; it may be sent again.",
        )
    })
}
