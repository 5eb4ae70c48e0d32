//! `/graphql`: one request, one answer (GraphQL over HTTP); or an event stream, or a socket.

use std::net::IpAddr;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};

use super::accept::{Accepted, Media, accepted};
use super::address::{Peer, client_address};
use super::body::Room;
use super::connections::Seat;
use super::operation::{Caller, Prepared, Transport};
use super::params::Params;
use super::refusal::Refusal;
use super::request_log::{RequestId, RequestLine};
use super::viewer::{BadToken, Credential, is_developer, known_device};
use super::write_progress::WriteProgress;
use super::{HttpState, body, events, respond, socket};
use crate::account::dashboard::Dashboard;

/// Answers one request of any method.
pub async fn answer(
    State(state): State<HttpState>,
    Extension(id): Extension<RequestId>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    if socket::is_asked_for(request.headers()) {
        return match socket::open(&state, id.0, peer, request).await {
            Ok(response) => response,
            Err(refusal) => {
                respond::outcome(Media::Json, Err(refusal), &mut RequestLine::begin(id))
            }
        };
    }
    let mut line = RequestLine::begin(id);
    let progress = WriteProgress::of(request.extensions());
    let (head, body) = request.into_parts();
    let accepted = accepted(&head.headers);
    let counts = line.stats.clone();
    let preparing = prepare(&state, peer, &head, body, accepted, &mut line);
    let prepared = counts.scope(preparing).await;
    if accepted.events && wants_events(accepted, &prepared) {
        return events::answer(&state, prepared, progress, line);
    }
    let outcome = match prepared {
        Ok(ready) => state.carry_out(ready.prepared, &counts).await,
        Err(refusal) => Err(refusal),
    };
    let media = accepted.whole.unwrap_or(Media::Json);
    let mut response = respond::outcome(media, outcome, &mut line);
    // For callers in the same process; it is not sent.
    response.extensions_mut().insert(counts);
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        // RFC 9110 §15.5.6 requires `Allow`. A GET is refused only if it asks for a mutation.
        let by_post = HeaderValue::from_static(match head.method {
            Method::GET | Method::HEAD => "POST",
            _ => "GET, POST",
        });
        response.headers_mut().insert(ALLOW, by_post);
    }
    response
}

/// An operation that may run, with its caller.
pub struct Ready {
    /// The operation.
    pub prepared: Prepared,
    /// The caller's access token.
    pub credential: Credential,
    /// The caller's address.
    pub address: IpAddr,
}

/// Whether to answer with events. A subscription needs them. A client that accepts only events gets even a refusal as
/// an event: its reader would take any other answer for a failed network and retry. Faults in the HTTP are answered in
/// HTTP all the same.
fn wants_events(accepted: Accepted, prepared: &Result<Ready, Refusal>) -> bool {
    match prepared {
        Ok(ready) => accepted.whole.is_none() || ready.prepared.kind == OperationType::Subscription,
        Err(refusal) => accepted.whole.is_none() && !refusal.is_of_http(),
    }
}

async fn prepare(
    state: &HttpState,
    peer: Peer,
    head: &Parts,
    body: Body,
    accepted: Accepted,
    line: &mut RequestLine,
) -> Result<Ready, Refusal> {
    if accepted.whole.is_none() && !accepted.events {
        let refusal = Refusal::http(
            StatusCode::NOT_ACCEPTABLE,
            "Accept application/graphql-response+json, application/json or text/event-stream.",
        );
        return Err(heard_out(state, body, refusal).await);
    }
    let stranger = caller(state, peer, head, Credential::default());
    let credential = match credential(state, head, &stranger) {
        Ok(credential) => credential,
        Err(refusal) => return Err(heard_out(state, body, refusal).await),
    };
    let caller = Caller {
        viewer: credential.viewer(),
        ..stranger
    };
    line.member = caller.viewer.member();
    if let Some(whose) = caller.identity()
        && let Some(seat) = head.extensions.get::<Seat>()
    {
        seat.mark_known(whose);
    }
    let (params, transport) = read(state, head, body, (&caller, accepted.events))
        .await
        .inspect_err(|refusal| state.charge_for(refusal, &caller, 0))?;
    let mut prepared = state.prepare(params, &caller, transport).await?;
    if let Some(dashboard) = Dashboard::of(&state.app.config.http.dashboard_origins, &head.headers)
    {
        prepared.come_from(dashboard);
    }
    line.operation(prepared.kind, prepared.name.as_deref());
    Ok(Ready {
        prepared,
        credential,
        address: caller.address,
    })
}

/// Checks the access token before anything else of the request is read. A member has a bucket of its own and is
/// admitted whatever others at the address do. An invalid token is charged to the address.
fn credential(state: &HttpState, head: &Parts, stranger: &Caller) -> Result<Credential, Refusal> {
    let credential = Credential::of_request(&state.app, &head.headers);
    if let Ok(credential) = credential
        && credential.viewer().member().is_some()
    {
        return Ok(credential);
    }
    state.admit(stranger)?;
    credential
        .map_err(|BadToken| Refusal::unauthenticated())
        .inspect_err(|refusal| state.charge_for(refusal, stranger, 0))
}

/// Reads the rest of the body, then returns the refusal. A client that is still sending when the connection closes
/// would lose an earlier answer.
async fn heard_out(state: &HttpState, body: Body, refusal: Refusal) -> Refusal {
    body::hear_out(
        body,
        state.app.config.http.body_limit_bytes,
        patience(state),
    )
    .await;
    refusal
}

fn patience(state: &HttpState) -> Duration {
    Duration::from_secs(state.app.config.http.operation_timeout_seconds)
}

async fn read(
    state: &HttpState,
    head: &Parts,
    body: Body,
    (caller, events): (&Caller, bool),
) -> Result<(Params, Transport), Refusal> {
    match head.method {
        Method::GET | Method::HEAD => {
            let params = Params::of_query(head.uri.query().unwrap_or_default())?;
            Ok((
                params,
                if events {
                    Transport::GetStream
                } else {
                    Transport::Get
                },
            ))
        }
        Method::POST => {
            if let Err(refusal) = body::check_content_type(&head.headers) {
                return Err(heard_out(state, body, refusal).await);
            }
            let mut room = Room::of(state, caller);
            let body = body::read(body, &mut room, patience(state)).await?;
            let params = Params::of_body(&body)?;
            Ok((
                params,
                if events {
                    Transport::Stream
                } else {
                    Transport::Once
                },
            ))
        }
        _ => {
            let message = "Use POST; GET is only for queries.";
            let refusal = Refusal::http(StatusCode::METHOD_NOT_ALLOWED, message);
            Err(heard_out(state, body, refusal).await)
        }
    }
}

fn caller(state: &HttpState, Peer(peer): Peer, head: &Parts, credential: Credential) -> Caller {
    Caller {
        viewer: credential.viewer(),
        address: client_address(peer, &head.headers, &state.app.config.http),
        device: known_device(&state.app, &head.headers),
        developer: is_developer(&state.app.config.graphql, &head.headers),
    }
}
