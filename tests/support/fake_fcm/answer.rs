//! The answers to messages, in the formats of Google's servers.

use std::{io, time::SystemTime};

use chrono::{DateTime, Utc};
use futures::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    Response, StatusCode,
    body::{Bytes, Frame},
    header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER},
};
use serde_json::{Value, json};
use url::Url;

pub(super) type Body = BoxBody<Bytes, io::Error>;

/// The answer to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200 with a message name.
    Accept,
    /// 404 `UNREGISTERED`.
    Unregistered,
    /// 400 `INVALID_ARGUMENT` whose violation names the field that the address came in.
    InvalidTarget,
    /// 400 `INVALID_ARGUMENT` that names no field. Only its message says that the address is invalid.
    InvalidTargetInWords,
    /// 400 `INVALID_ARGUMENT` whose violation names this field.
    InvalidArgument {
        /// The path of the field, such as `message.android.ttl`.
        field: &'static str,
    },
    /// 403 `SENDER_ID_MISMATCH`.
    SenderIdMismatch,
    /// 429 `QUOTA_EXCEEDED`.
    QuotaExceeded(Option<RetryAfter>),
    /// 503 `UNAVAILABLE`.
    Unavailable(Option<RetryAfter>),
    /// 500 `INTERNAL`.
    Internal,
    /// 502 with a page of HTML.
    BadGateway,
    /// 504 with a page of HTML.
    GatewayTimeout,
    /// 200 with a page of HTML.
    Html,
    /// 401 `THIRD_PARTY_AUTH_ERROR`.
    ThirdPartyAuthError,
    /// 401 without an FCM error code.
    BareUnauthorized,
    /// 403 without an FCM error code.
    BareForbidden,
    /// 404 without an FCM error code.
    BareNotFound,
    /// 307 to another URL.
    Redirect(Url),
    /// No answer until the fake stops.
    Stall,
    /// 200 with a body that breaks off.
    ResetMidBody,
    /// 200 with a message name. The connection then accepts no more requests (HTTP/2 `GOAWAY`).
    GoAway,
}

/// The two forms of `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// After this many seconds.
    Seconds(u64),
    /// At this time, in whole seconds.
    At(SystemTime),
}

impl RetryAfter {
    fn header(self) -> HeaderValue {
        match self {
            Self::Seconds(seconds) => seconds.into(),
            Self::At(at) => {
                let date = DateTime::<Utc>::from(at).format("%a, %d %b %Y %H:%M:%S GMT");
                HeaderValue::try_from(date.to_string()).unwrap()
            }
        }
    }
}

/// Returns the response to a message, or `None` if it is stalled. `target_field` is the field of the address.
/// `name` is the name of the message if it is accepted.
pub(super) fn response(answer: &Answer, target_field: &str, name: &str) -> Option<Response<Body>> {
    let response = match answer {
        Answer::Accept | Answer::GoAway => reply(200, &json!({ "name": name })),
        Answer::Unregistered => coded(
            404,
            "NOT_FOUND",
            "UNREGISTERED",
            "Requested entity was not found.",
        ),
        Answer::InvalidTarget => invalid_argument(&format!("message.{target_field}")),
        Answer::InvalidTargetInWords => coded(
            400,
            "INVALID_ARGUMENT",
            "INVALID_ARGUMENT",
            "The registration token is not a valid FCM registration token",
        ),
        Answer::InvalidArgument { field } => invalid_argument(field),
        Answer::SenderIdMismatch => coded(
            403,
            "PERMISSION_DENIED",
            "SENDER_ID_MISMATCH",
            "SenderId mismatch",
        ),
        Answer::QuotaExceeded(wait) => delayed(
            coded(
                429,
                "RESOURCE_EXHAUSTED",
                "QUOTA_EXCEEDED",
                "Quota exceeded.",
            ),
            *wait,
        ),
        Answer::Unavailable(wait) => delayed(
            coded(503, "UNAVAILABLE", "UNAVAILABLE", "Try again later."),
            *wait,
        ),
        Answer::Internal => coded(500, "INTERNAL", "INTERNAL", "Internal error encountered."),
        Answer::BadGateway => html(502),
        Answer::GatewayTimeout => html(504),
        Answer::Html => html(200),
        Answer::ThirdPartyAuthError => coded(
            401,
            "UNAUTHENTICATED",
            "THIRD_PARTY_AUTH_ERROR",
            "Auth error from APNS or Web Push Service",
        ),
        Answer::BareUnauthorized => bare(401, "UNAUTHENTICATED"),
        Answer::BareForbidden => bare(403, "PERMISSION_DENIED"),
        Answer::BareNotFound => bare(404, "NOT_FOUND"),
        Answer::Redirect(to) => {
            let mut response = html(307);
            response
                .headers_mut()
                .insert(LOCATION, HeaderValue::try_from(to.as_str()).unwrap());
            response
        }
        Answer::Stall => return None,
        Answer::ResetMidBody => reset_mid_body(),
    };
    Some(response)
}

/// Returns a JSON response.
pub(super) fn reply(status: u16, body: &Value) -> Response<Body> {
    with_body(status, "application/json; charset=UTF-8", body.to_string())
}

/// Returns an HTML page, as a server in front of the API would.
pub(super) fn html(status: u16) -> Response<Body> {
    let page = format!("<!DOCTYPE html><html><title>Error {status}</title><h1>Sorry</h1></html>");
    with_body(status, "text/html; charset=UTF-8", page)
}

/// Returns an error for this invalid field.
pub(super) fn invalid_argument(field: &str) -> Response<Body> {
    let mut body = error(
        400,
        "INVALID_ARGUMENT",
        "Request contains an invalid argument.",
    );
    body["error"]["details"] = json!([
        fcm_error("INVALID_ARGUMENT"),
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{ "field": field, "description": "Invalid value" }],
        },
    ]);
    reply(400, &body)
}

/// Returns an error of the gateway in front of FCM, without an FCM error code.
pub(super) fn bare(status: u16, canonical: &str) -> Response<Body> {
    let mut body = error(status, canonical, "Denied before it reached the service.");
    body["error"]["details"] = json!([{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "DENIED",
        "domain": "googleapis.com",
    }]);
    reply(status, &body)
}

fn coded(status: u16, canonical: &str, code: &str, message: &str) -> Response<Body> {
    let mut body = error(status, canonical, message);
    body["error"]["details"] = json!([fcm_error(code)]);
    reply(status, &body)
}

fn error(status: u16, canonical: &str, message: &str) -> Value {
    json!({ "error": { "code": status, "message": message, "status": canonical } })
}

fn fcm_error(code: &str) -> Value {
    json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code })
}

fn delayed(mut response: Response<Body>, wait: Option<RetryAfter>) -> Response<Body> {
    if let Some(wait) = wait {
        response.headers_mut().insert(RETRY_AFTER, wait.header());
    }
    response
}

fn with_body(status: u16, content_type: &'static str, body: String) -> Response<Body> {
    let body = Full::from(body).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn reset_mid_body() -> Response<Body> {
    let frames = [
        Ok(Frame::data(Bytes::from_static(br#"{"name":"projects/"#))),
        Err(io::Error::from(io::ErrorKind::ConnectionReset)),
    ];
    Response::new(BodyExt::boxed(StreamBody::new(stream::iter(frames))))
}
