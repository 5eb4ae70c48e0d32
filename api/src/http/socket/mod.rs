//! `GET /graphql` with `Upgrade: websocket`: operations of every kind over one connection, by the GraphQL over
//! WebSocket protocol (`graphql-transport-ws`).
//!
//! The promises:
//! * A socket allows nothing that plain HTTP does not.
//! * Once the token has expired or the session has ended, the peer receives nothing more.
//! * A peer that does not read costs a bounded amount of memory.
//!
//! The `Origin` header is not checked. A page of another site can open a socket, as it can send a request, but cookies
//! identify nobody here. The credentials stand in the first message, which that page cannot write.

mod drive;
mod operation;
mod protocol;
mod session;
mod wire;

use std::net::IpAddr;

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts as _, Request};
use axum::response::Response;
use http::header::UPGRADE;
use http::{HeaderMap, StatusCode};
use tokio::sync::oneshot;
use uuid::Uuid;

use self::drive::Driven;
use self::protocol::{Close, SUBPROTOCOL};
use self::wire::{Inbox, Wire};
use super::HttpState;
use super::address::{Peer, client_address};
use super::body::STRANGERS;
use super::connections::Seat;
use super::keepalive::Keepalive;
use super::refusal::Refusal;
use super::viewer::{BadToken, Credential, is_developer, known_device};
use super::write_progress::{Stall, WriteProgress};

/// The bytes read at a time. The buffer is held for as long as the socket is open.
const READ_BUFFER: usize = 4096;
/// The bytes written at a time.
const WRITE_BUFFER: usize = 16_384;

/// What the HTTP request tells about the peer of a new socket.
pub struct Arrival {
    address: IpAddr,
    device: Option<Uuid>,
    developer: bool,
    /// The connection, if it may be closed to make room for another.
    seat: Option<Seat>,
    /// The credentials of the HTTP request. They are used if `connection_init` carries none.
    credential: Result<Credential, BadToken>,
}

/// Whether a request asks for a socket.
pub fn is_asked_for(headers: &HeaderMap) -> bool {
    headers
        .get(UPGRADE)
        .is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens a socket. A fault in the subprotocol is reported on the socket itself, because browsers hide the answer to a
/// failed handshake from the page.
pub async fn open(
    state: &HttpState,
    id: Uuid,
    Peer(peer): Peer,
    request: Request,
) -> Result<Response, Refusal> {
    let (mut head, _) = request.into_parts();
    let http = &state.app.config.http;
    let keepalive = Keepalive::of(http);
    let progress = WriteProgress::of(&head.extensions);
    let stall = Stall::new(progress.clone(), keepalive.stalled());
    // The connection is not idle for as long as the socket is open.
    let seat = head.extensions.get::<Seat>().cloned();
    let busy = seat.as_ref().map(|seat| seat.begin(&progress));
    let arrival = Arrival {
        address: client_address(peer, &head.headers, http),
        device: known_device(&state.app, &head.headers),
        developer: is_developer(&state.app.config.graphql, &head.headers),
        seat: seat.clone(),
        credential: Credential::of_request(&state.app, &head.headers),
    };
    let is_stranger =
        !matches!(&arrival.credential, Ok(credential) if credential.viewer().member().is_some());
    let limit = if is_stranger {
        STRANGERS
    } else {
        http.body_limit_bytes
    };
    let share = state.in_flight.of(arrival.address, is_stranger);
    let inbox = Inbox::new(progress, share, limit);
    let upgrade = WebSocketUpgrade::from_request_parts(&mut head, &());
    let upgrade = upgrade.await.map_err(|_| {
        let message = "This is not the opening handshake of a WebSocket (RFC 6455 §4.1).";
        Refusal::http(StatusCode::BAD_REQUEST, message)
    })?;
    let slot = state.connection_limits.of_address(arrival.address);
    let slot = slot.ok_or_else(|| {
        let message = "There are too many sockets from this address.";
        Refusal::limited(message, keepalive.free_in()).in_http(StatusCode::TOO_MANY_REQUESTS)
    })?;
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_frame_size(http.body_limit_bytes)
        .max_message_size(http.body_limit_bytes);

    let (give, socket) = oneshot::channel::<WebSocket>();
    let response = upgrade.on_upgrade(async move |socket| {
        // Fails only if the process has ended meanwhile.
        let _ = give.send(socket);
    });
    let serving = state.clone();
    // The shutdown waits for this task, not for the one that hands the connection over.
    state.shutdown.spawn(async move {
        let (_slot, _busy) = (slot, busy);
        if let Ok(socket) = socket.await {
            let _counted = Counted::new();
            let needed = async {
                match &seat {
                    Some(seat) => seat.needed_by_another().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = serve(serving, id, arrival, Wire::new(socket, stall, inbox)) => {}
                () = needed => {}
            }
        }
    });
    Ok(response)
}

async fn serve(state: HttpState, id: Uuid, arrival: Arrival, wire: Wire) {
    if wire.speaks_the_protocol() {
        Driven::new(state, arrival, wire).drive(id).await;
    } else {
        let why = Close::Subprotocol;
        let code = why.code().to_string();
        metrics::counter!("belay_sockets_closed_total", "code" => code).increment(1);
        wire.close(&why).await;
    }
}

/// Counts an open socket in the gauge until it is dropped.
struct Counted;

impl Counted {
    fn new() -> Self {
        metrics::gauge!("belay_sockets").increment(1);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        metrics::gauge!("belay_sockets").decrement(1);
    }
}
