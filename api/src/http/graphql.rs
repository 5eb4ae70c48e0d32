//! `/graphql`: one request in, one answer out (GraphQL over HTTP), or a stream of events.

use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};

use super::accept::{Accepted, Media, accepted};
use super::address::{Peer, client_address};
use super::operation::{Asker, Outcome, Way};
use super::params::Params;
use super::refusal::Refusal;
use super::request_log::{RequestId, RequestLine};
use super::viewer::{BadToken, is_developer, viewer};
use super::{Edge, body, respond};

/// Answers one request, by whatever method.
pub async fn answer(
    State(edge): State<Edge>,
    Extension(id): Extension<RequestId>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    let mut line = RequestLine::begin(id);
    let (head, body) = request.into_parts();
    let accepted = accepted(&head.headers);
    let outcome = carry_out(&edge, peer, &head, body, accepted, &mut line).await;
    let media = accepted.whole.unwrap_or(Media::Json);
    let mut response = respond::outcome(media, outcome, &mut line);
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let by_post = HeaderValue::from_static(if head.method == Method::GET {
            "POST"
        } else {
            "GET, POST"
        });
        response.headers_mut().insert(ALLOW, by_post);
    }
    response
}

async fn carry_out(
    edge: &Edge,
    peer: Peer,
    head: &Parts,
    body: Body,
    accepted: Accepted,
    line: &mut RequestLine,
) -> Outcome {
    if accepted.whole.is_none() {
        return Err(Refusal::http(
            StatusCode::NOT_ACCEPTABLE,
            "Answers are application/graphql-response+json or application/json.",
        ));
    }
    let (params, way) = read(edge, head, body).await?;
    let asker = asker(edge, peer, head)?;
    line.member = asker.viewer.member();
    let prepared = edge.prepare(params, &asker, way).await?;
    line.operation(prepared.kind, prepared.name.as_deref());
    edge.carry_out(prepared, &line.stats.clone()).await
}

async fn read(edge: &Edge, head: &Parts, body: Body) -> Result<(Params, Way), Refusal> {
    let http = &edge.app.config.http;
    match head.method {
        Method::GET | Method::HEAD => {
            let params = Params::of_query(head.uri.query().unwrap_or_default())?;
            Ok((params, Way::Get))
        }
        Method::POST => {
            body::check_content_type(&head.headers)?;
            let patience = Duration::from_secs(http.operation_timeout_seconds);
            let body = body::read(body, http.body_limit_bytes, patience).await?;
            Ok((Params::of_body(&body)?, Way::Once))
        }
        _ => Err(Refusal::http(
            StatusCode::METHOD_NOT_ALLOWED,
            "Ask by POST, or for a query by GET.",
        )),
    }
}

/// Who asks. A token that is not good any more is an error and never nobody: an app would show a
/// signed-out screen where it should refresh.
pub(super) fn asker(edge: &Edge, Peer(peer): Peer, head: &Parts) -> Result<Asker, Refusal> {
    let viewer = viewer(&edge.app, &head.headers).map_err(|BadToken| {
        Refusal::new(
            "UNAUTHENTICATED",
            "The access token is not good any more: refresh it, or sign in again.",
        )
    })?;
    Ok(Asker {
        viewer,
        address: client_address(peer, &head.headers, edge.app.config.http.trusted_proxies),
        developer: is_developer(&edge.app.config.graphql, &head.headers),
    })
}
