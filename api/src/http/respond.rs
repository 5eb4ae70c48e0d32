//! Answers.

use axum::body::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::errors::{INTERNAL, MASK};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// An answer in JSON.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    // Everything answered is made of text keys and plain values, which can always be written.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A GraphQL answer with one error and no data.
pub fn error(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let error = json!({ "message": message, "extensions": { "code": code } });
    json(status, &json!({ "errors": [error] }))
}

/// The answer to a request that ran into a fault of the program.
pub fn fault(request: Uuid) -> Response<Body> {
    let extensions = json!({ "code": INTERNAL, "requestId": request });
    let error = json!({ "message": MASK, "extensions": extensions });
    json(
        StatusCode::INTERNAL_SERVER_ERROR,
        &json!({ "errors": [error] }),
    )
}

/// There is nothing at this address.
pub async fn nothing_here() -> Response<Body> {
    error(
        StatusCode::NOT_FOUND,
        "NOT_FOUND",
        "There is nothing at this address; the API is POST /graphql.",
    )
}
