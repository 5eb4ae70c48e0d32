//! Reads the body of a request.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use mediatype::names::{APPLICATION, CHARSET, JSON};
use mediatype::{MediaType, ReadParams as _};

use super::HttpState;
use super::body_buffer::BodyBuffer;
use super::in_flight::Held;
use super::operation::Caller;
use super::refusal::Refusal;
use crate::graphql::code::Code;

/// An oversized body is read and discarded up to this many times a member's limit.
const HEARD_OUT: usize = 16;

/// Accepts JSON only: any web page can send a form or plain text without a preflight. Refuses compressed bodies too,
/// because a small body could unpack to a large one.
pub fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let refused = |message| Err(Refusal::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    if !is_json(headers) {
        return refused("The request must have the content type application/json, in UTF-8.");
    }
    let encoded = headers.get_all(CONTENT_ENCODING).iter();
    if encoded.into_iter().any(|how| how != "identity") {
        return refused("The request must not be compressed.");
    }
    Ok(())
}

/// Whether the content type is JSON, in UTF-8.
pub fn is_json(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let (Some(header), None) = (given.next(), given.next()) else {
        return false;
    };
    let Some(media) = header
        .to_str()
        .ok()
        .and_then(|text| MediaType::parse(text).ok())
    else {
        return false;
    };
    media.essence() == MediaType::new(APPLICATION, JSON)
        && media
            .get_param(CHARSET)
            .is_none_or(|charset| charset.unquoted_str().eq_ignore_ascii_case("utf-8"))
}

/// The limit in bytes for the body of an anonymous caller. A document and all fields of a sign-up fit in.
pub const STRANGERS: usize = 128 * 1024;

/// The limits of one body, and the memory it holds while it arrives.
pub struct Room {
    /// The largest body that is accepted, in bytes.
    pub limit: usize,
    /// An oversized body is read and discarded up to this many bytes.
    heard_out: usize,
    /// The memory that the body holds so far.
    pub held: Held,
}

impl Room {
    /// Returns the limits for this caller. An anonymous caller gets the smaller one.
    pub fn of(state: &HttpState, caller: &Caller) -> Self {
        let (limit, anonymous) = (
            state.app.config.http.body_limit_bytes,
            caller.viewer.member().is_none(),
        );
        Self {
            heard_out: limit.saturating_mul(HEARD_OUT),
            limit: if anonymous {
                limit.min(STRANGERS)
            } else {
                limit
            },
            held: state.in_flight.of(caller.address, anonymous),
        }
    }
}

/// Reads a body within the limits of its room. An oversized body is read up to a point and discarded: a client that is
/// still sending when the connection closes never sees the answer.
pub async fn read(body: Body, room: &mut Room, patience: Duration) -> Result<Bytes, Refusal> {
    let Room {
        limit,
        heard_out,
        held,
    } = room;
    let (limit, most) = (*limit, *heard_out);
    let whole = async move {
        let (mut body, mut kept, mut length) =
            (body.into_data_stream(), BodyBuffer::default(), 0_usize);
        let mut has_room = true;
        while let Some(piece) = body.next().await {
            let piece = piece
                .map_err(|_| Refusal::http(StatusCode::BAD_REQUEST, "The request ended early."))?;
            length = length.saturating_add(piece.len());
            has_room &= length > limit || held.hold(length as u64).is_ok();
            if length <= limit && has_room {
                kept.add(&piece);
            } else if length > most {
                break;
            } else {
                kept = BodyBuffer::default();
                // Giving memory back never fails.
                let _ = held.hold(0);
            }
        }
        if length > limit {
            return Err(Refusal::http(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!("The request is larger than {limit} bytes."),
            ));
        }
        if !has_room {
            let refusal = Refusal::limited("Too much data is arriving at once: wait a little.", 1);
            return Err(refusal.in_http(StatusCode::TOO_MANY_REQUESTS));
        }
        Ok(kept.whole())
    };
    tokio::time::timeout(patience, whole)
        .await
        .unwrap_or_else(|_| {
            Err(Refusal::coded(
                StatusCode::REQUEST_TIMEOUT,
                Code::Timeout,
                "The request took too long to arrive.",
            ))
        })
}

/// Reads and discards the body of a request that is already refused, so that its client reads the answer. Stops at a
/// bound.
pub async fn hear_out(body: Body, limit: usize, patience: Duration) {
    let most = limit.saturating_mul(HEARD_OUT);
    let whole = async move {
        let (mut body, mut length) = (body.into_data_stream(), 0_usize);
        while let Some(Ok(piece)) = body.next().await
            && length <= most
        {
            length = length.saturating_add(piece.len());
        }
    };
    // The request is answered even if the body did not end in time.
    let _ = tokio::time::timeout(patience, whole).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf_8_is_accepted() {
        let accepted = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().unwrap());
            check_content_type(&headers).is_ok()
        };
        assert!(accepted("application/json"));
        assert!(accepted("Application/JSON; charset=\"UTF-8\""));
        assert!(!accepted("application/json; charset=utf-16"));
        assert!(!accepted("text/plain"));
        assert!(!accepted("application/jsonp"));
        assert!(check_content_type(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_compressed_body_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert(CONTENT_ENCODING, "identity".parse().unwrap());
        assert!(check_content_type(&headers).is_ok());
        headers.append(CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(check_content_type(&headers).is_err());
    }
}
