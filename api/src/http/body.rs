//! The bytes of a request.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt as _;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use mediatype::names::{APPLICATION, CHARSET, JSON};
use mediatype::{MediaType, ReadParams as _};

use super::Edge;
use super::in_flight::Held;
use super::kept::Kept;
use super::operation::Asker;
use super::refusal::Refusal;
use crate::graphql::code::Code;

/// Of a body that is too large, so many times what a member may send is listened to.
const HEARD_OUT: usize = 16;

/// JSON only: a form or plain text can be sent by any web page without asking us first. And plainly:
/// what is small when it arrives and large when it is unpacked has to be refused in another place.
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

/// Whether the request says that it is JSON.
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

/// A body of whoever has not shown an access token may be so large: a document, and all that a sign-up says.
pub const STRANGERS: usize = 128 * 1024;

/// How large a body may be, and what it takes while it is on its way.
pub struct Room {
    /// In bytes.
    pub limit: usize,
    /// So much of one that is too large is listened to.
    heard_out: usize,
    /// What is held of it.
    pub held: Held,
}

impl Room {
    /// For somebody who is a member, or has not said so.
    pub fn of(edge: &Edge, asker: &Asker) -> Self {
        let (limit, anonymous) = (
            edge.app.config.http.body_limit_bytes,
            asker.viewer.member().is_none(),
        );
        Self {
            heard_out: limit.saturating_mul(HEARD_OUT),
            limit: if anonymous {
                limit.min(STRANGERS)
            } else {
                limit
            },
            held: edge.in_flight.of(asker.address, anonymous),
        }
    }
}

/// Reads a body that fits into its room. What comes beyond is read up to a point and thrown away: whoever is
/// still sending when the connection closes never sees why.
pub async fn read(body: Body, room: &mut Room, patience: Duration) -> Result<Bytes, Refusal> {
    let Room {
        limit,
        heard_out,
        held,
    } = room;
    let (limit, most) = (*limit, *heard_out);
    let whole = async move {
        let (mut body, mut kept, mut length) = (body.into_data_stream(), Kept::default(), 0_usize);
        let mut has_room = true;
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|_| {
                Refusal::http(
                    StatusCode::BAD_REQUEST,
                    "The request ended before its time.",
                )
            })?;
            length = length.saturating_add(piece.len());
            has_room &= length > limit || held.hold(length as u64).is_ok();
            if length <= limit && has_room {
                kept.add(&piece);
            } else if length > most {
                break;
            } else {
                kept = Kept::default();
                // Always says yes.
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
            let refusal = Refusal::limited("Too much is being sent at once: wait a little.", 1);
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

/// Listens to a body of a request that is refused already, for its sender's sake, and keeps nothing of it.
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
    // Whether he came to an end or not, he is answered.
    let _ = tokio::time::timeout(patience, whole).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_utf_8_is_taken_and_nothing_else() {
        let taken = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, value.parse().unwrap());
            check_content_type(&headers).is_ok()
        };
        assert!(taken("application/json"));
        assert!(taken("Application/JSON; charset=\"UTF-8\""));
        assert!(!taken("application/json; charset=utf-16"));
        assert!(!taken("text/plain"));
        assert!(!taken("application/jsonp"));
        assert!(check_content_type(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_packed_body_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json".parse().unwrap());
        headers.insert(CONTENT_ENCODING, "identity".parse().unwrap());
        assert!(check_content_type(&headers).is_ok());
        headers.append(CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(check_content_type(&headers).is_err());
    }
}
